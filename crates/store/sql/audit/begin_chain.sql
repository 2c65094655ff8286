INSERT INTO audit_sent (incarnation, number, epoch) VALUES (:incarnation, 0, 0)
ON CONFLICT (incarnation) DO NOTHING;
