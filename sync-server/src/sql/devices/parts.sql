SELECT bytes FROM wipe_remains WHERE device = :device ORDER BY part;
