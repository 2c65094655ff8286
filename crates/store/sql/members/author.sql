SELECT actor, device, staff, name, role, unit, valid_from_ms, valid_until_ms FROM authors WHERE actor = :actor;
