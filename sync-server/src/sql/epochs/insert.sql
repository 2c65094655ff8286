INSERT INTO epochs (epoch, began_ms, cause) VALUES (:epoch, :began_ms, :cause)
ON CONFLICT (epoch) DO NOTHING;
