SELECT * FROM blobs
WHERE draft = :draft AND kind <> 'thumb' AND is_there = 1 AND removed_ms IS NULL AND gone_ms IS NULL
ORDER BY added_ms, address;
