SELECT document, kind, label, household, destination, left_ms, removed_ms,
       (SELECT count(*) FROM changes AS c WHERE c.document = departures.document AND c.origin = 'local'
          AND c.state <> 'durable'
          AND c.replaced_by IS NULL AND c.put_away_ms IS NULL
          AND NOT (c.state = 'refused' AND c.refusal = 'quarantined')) AS unsent
FROM departures
ORDER BY left_ms DESC, document;
