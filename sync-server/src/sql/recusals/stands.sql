SELECT 1 FROM recusals
WHERE document = :document AND staff = :staff AND from_ms <= :now_ms AND (until_ms IS NULL OR until_ms > :now_ms);
