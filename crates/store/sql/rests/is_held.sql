-- Something of it is on this device alone, or somebody is at it here: it stays.
SELECT 1
WHERE EXISTS (SELECT 1 FROM changes AS c WHERE c.document = :document AND c.origin = 'local'
                AND c.state <> 'durable' AND c.replaced_by IS NULL)
   OR EXISTS (SELECT 1 FROM blobs AS b WHERE b.document = :document AND b.is_own = 1 AND b.durable_ms IS NULL
                AND b.gone_ms IS NULL)
   OR EXISTS (SELECT 1 FROM drafts AS f WHERE f.household = :document)
   OR EXISTS (SELECT 1 FROM sheets AS s WHERE s.document = :document)
   OR EXISTS (SELECT 1 FROM late_work AS l WHERE l.document = :document AND l.own = 1 AND l.state = 'waiting')
   OR EXISTS (SELECT 1 FROM quarantine AS q WHERE q.document = :document);
