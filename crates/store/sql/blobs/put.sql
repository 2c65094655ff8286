INSERT INTO blobs (address, kind, key, size, digest, thumb, thumb_size, draft, document, is_own, is_there, sent, added_ms)
VALUES (:address, :kind, :key, :size, :digest, :thumb, :thumb_size, :draft, :document, :is_own, :is_there, 0, :added_ms)
ON CONFLICT (address) DO UPDATE SET is_there = excluded.is_there, added_ms = excluded.added_ms;
