UPDATE exports SET sealed = ?1 WHERE id = ?2;
