SELECT hash, device, staff, wall_ms FROM changes WHERE document = :document;
