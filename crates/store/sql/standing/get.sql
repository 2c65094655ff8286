SELECT revoked_ms, wipe_order, wipe_receipted, clock_ms, contact_ms, contact_wall_ms FROM standing;
