UPDATE devices SET unsent = :unsent WHERE id = :device;
