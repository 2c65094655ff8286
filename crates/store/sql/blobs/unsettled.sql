SELECT address, size, is_own, gone_ms IS NOT NULL AS is_gone FROM blobs WHERE is_there = 0 OR gone_ms IS NOT NULL;
