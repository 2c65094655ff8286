UPDATE opened_tablets SET words = ?1 WHERE id = ?2;
