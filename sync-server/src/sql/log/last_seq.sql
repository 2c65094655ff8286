SELECT last_seq FROM scopes WHERE id = :scope;
