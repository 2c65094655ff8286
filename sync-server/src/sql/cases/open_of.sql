SELECT count(*) FROM cases WHERE scope = :scope AND device = :device AND state = 'asked';
