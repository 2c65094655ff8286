SELECT 1 FROM wipes WHERE device = :device AND without_photos = 1;
