UPDATE orders SET sealed = ?1 WHERE scope = ?2 AND number = ?3;
