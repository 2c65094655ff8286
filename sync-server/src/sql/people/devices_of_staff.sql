SELECT id FROM devices WHERE staff = :staff AND revoked_ms IS NULL ORDER BY enrolled_ms, id;
