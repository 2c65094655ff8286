SELECT id, last_seq FROM scopes;
