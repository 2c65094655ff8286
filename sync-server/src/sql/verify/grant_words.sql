SELECT id, words, granted_by IS NOT NULL FROM grants ORDER BY id;
