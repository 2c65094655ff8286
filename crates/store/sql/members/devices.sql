SELECT device, staff, unit, label, key, enrolled_ms, seen_ms, revoked_ms FROM devices ORDER BY enrolled_ms DESC, device;
