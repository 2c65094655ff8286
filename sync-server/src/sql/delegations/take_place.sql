DELETE FROM delegated_places WHERE station = :station AND device = :device;
