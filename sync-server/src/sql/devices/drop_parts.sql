DELETE FROM wipe_remains WHERE device = :device AND part >= :from;
