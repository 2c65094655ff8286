UPDATE wipes SET without_photos = 1 WHERE device = :device AND without_photos = 0 AND receipt IS NULL;
