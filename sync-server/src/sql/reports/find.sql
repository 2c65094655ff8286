SELECT device, sealed, taken_ms FROM reports WHERE scope = :scope;
