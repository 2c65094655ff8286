INSERT INTO recusal_reasons (id, reason, said_by)
SELECT :new, reason, said_by FROM recusal_reasons WHERE id = :id
ON CONFLICT (id) DO NOTHING;
