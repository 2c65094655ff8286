-- Nothing made here in it is unknown to the server, and no draft and no sheet stands on it.
SELECT p.document, p.label FROM departures AS p
JOIN documents AS d USING (document)
WHERE d.left_ms IS NOT NULL AND p.removed_ms IS NULL
  AND NOT EXISTS (SELECT 1 FROM changes AS c WHERE c.document = p.document AND c.origin = 'local'
                    AND c.state <> 'durable'
                    AND c.replaced_by IS NULL AND c.put_away_ms IS NULL
                    AND NOT (c.state = 'refused' AND c.refusal = 'quarantined'))
  AND NOT EXISTS (SELECT 1 FROM blobs AS b WHERE b.document = p.document AND b.is_own = 1 AND b.durable_ms IS NULL
                    AND b.removed_ms IS NULL AND b.gone_ms IS NULL)
  AND NOT EXISTS (SELECT 1 FROM drafts AS f WHERE f.household = p.household AND f.discarded_ms IS NULL)
  AND NOT EXISTS (SELECT 1 FROM sheets AS s WHERE s.document = p.document)
ORDER BY p.document;
