SELECT device, file_first, file_last FROM delegated_places
WHERE station = :station AND staff = :staff ORDER BY file_first;
