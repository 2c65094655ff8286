-- What somebody was told is kept and is in no generation yet.
SELECT 1 WHERE EXISTS (SELECT 1 FROM reviews WHERE document = :document AND state = 'waiting')
            OR EXISTS (SELECT 1 FROM set_aside WHERE document = :document);
