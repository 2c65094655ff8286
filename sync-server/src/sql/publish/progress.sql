-- Counted only as far as anybody asks.
SELECT coalesce((SELECT min(id) - 1 FROM changes INDEXED BY changes_in_inbox WHERE seq = 0),
                (SELECT coalesce(max(id), 0) FROM changes)),
       (SELECT count(*) FROM (SELECT 1 FROM changes INDEXED BY changes_in_inbox WHERE seq = 0 LIMIT :most));
