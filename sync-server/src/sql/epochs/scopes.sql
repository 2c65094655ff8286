SELECT id FROM scopes ORDER BY id;
