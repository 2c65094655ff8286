UPDATE standing
SET revoked_ms = :revoked_ms, wipe_order = :wipe_order, wipe_receipted = :wipe_receipted, clock_ms = :clock_ms,
    contact_ms = :contact_ms, contact_wall_ms = :contact_wall_ms;
