SELECT id, document, staff, stead, from_ms, until_ms, '', NULL FROM recusals
WHERE scope = :scope AND staff = :staff AND (until_ms IS NULL OR until_ms > :now_ms)
ORDER BY id, document;
