SELECT EXISTS (
  SELECT 1 FROM unit_key_wraps AS w
  JOIN devices AS d ON d.id = w.device
  WHERE w.scope = :scope AND w.epoch = :epoch AND d.revoked_ms IS NOT NULL
);
