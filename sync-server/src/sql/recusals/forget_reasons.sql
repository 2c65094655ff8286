DELETE FROM recusal_reasons WHERE id NOT IN (SELECT id FROM recusals);
