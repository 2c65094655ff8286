INSERT INTO recusal_reasons (id, reason, said_by) VALUES (:id, :reason, :said_by) ON CONFLICT (id) DO NOTHING;
