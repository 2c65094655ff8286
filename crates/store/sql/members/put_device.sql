INSERT OR REPLACE INTO devices (device, staff, unit, label, key, enrolled_ms, seen_ms, revoked_ms)
VALUES (:device, :staff, :unit, :label, :key, :enrolled_ms, :seen_ms,
        -- A record that comes again says nothing about an order that was given meanwhile.
        coalesce(:revoked_ms, (SELECT revoked_ms FROM devices WHERE device = :device)));
