SELECT document, kind, label, household, destination, left_ms, removed_ms,
       (SELECT count(*) FROM changes AS c WHERE c.document = departures.document AND c.origin = 'local'
          AND c.state <> 'durable'
          AND c.replaced_by IS NULL AND c.put_away_ms IS NULL
          AND NOT (c.state = 'refused' AND c.refusal = 'quarantined'))
     + (SELECT count(*) FROM blobs AS b WHERE b.document = departures.document AND b.is_own = 1 AND b.kind <> 'thumb'
          AND b.durable_ms IS NULL AND b.removed_ms IS NULL AND b.gone_ms IS NULL) AS unsent,
       EXISTS (SELECT 1 FROM rests AS r WHERE r.document = departures.document) AS rests
FROM departures
ORDER BY left_ms DESC, document;
