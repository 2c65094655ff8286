SELECT count(*) FROM reviews WHERE device = :device AND cause = 'revoked';
