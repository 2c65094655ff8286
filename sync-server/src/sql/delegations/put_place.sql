INSERT INTO delegated_places (station, staff, device, file_first, file_last)
VALUES (:station, :staff, :device, :file_first, :file_last);
