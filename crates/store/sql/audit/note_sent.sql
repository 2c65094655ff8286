INSERT INTO audit_sent (incarnation, number, epoch) VALUES (:incarnation, :number, :epoch)
ON CONFLICT (incarnation) DO UPDATE SET number = excluded.number, epoch = excluded.epoch;
