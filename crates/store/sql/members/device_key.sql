SELECT key FROM devices WHERE device = :device;
