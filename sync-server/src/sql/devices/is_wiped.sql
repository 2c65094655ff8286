SELECT 1 FROM wipes WHERE device = :device;
