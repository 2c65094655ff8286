SELECT next_ca FROM devices WHERE id = :device;
