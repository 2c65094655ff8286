UPDATE grants SET words = ?1 WHERE id = ?2;
