SELECT EXISTS (
  SELECT 1 FROM staff AS s
  JOIN devices AS d ON d.staff = s.id
  WHERE s.scope = :scope AND s.role = 'head' AND d.revoked_ms IS NULL
);
