UPDATE orders SET reason = ?1 WHERE scope = ?2 AND number = ?3;
