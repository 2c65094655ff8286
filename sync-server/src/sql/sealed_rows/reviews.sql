UPDATE reviews SET reason = ?1 WHERE hash = ?2 AND reason IS NOT NULL;
