INSERT INTO hold_covers (child, document) VALUES (:child, :document) ON CONFLICT DO NOTHING;
