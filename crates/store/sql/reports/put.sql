INSERT INTO reports (only_row, packed, newest_ms, heard_ms) VALUES (1, :packed, :newest_ms, :heard_ms)
ON CONFLICT (only_row) DO UPDATE SET packed = excluded.packed, newest_ms = excluded.newest_ms, heard_ms = excluded.heard_ms;
