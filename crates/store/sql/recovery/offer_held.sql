-- What was waited for may have come back: what was held for it, and what was refused while the server had lost it, or had
-- lost the order that moved it here.
UPDATE changes SET state = 'saved', refusal = NULL, kept_reason = NULL
WHERE origin = 'local' AND scope = :scope AND body IS NOT NULL AND replaced_by IS NULL AND put_away_ms IS NULL
  AND (state = 'held'
       OR state = 'refused' AND refusal IN ('unknown_document', 'held_missing', 'not_applicable', 'not_your_unit'));
