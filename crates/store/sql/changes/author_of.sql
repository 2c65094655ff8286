SELECT device, staff, wall_ms FROM changes WHERE hash = :hash;
