UPDATE erasures SET sealed = ?1 WHERE id = ?2;
