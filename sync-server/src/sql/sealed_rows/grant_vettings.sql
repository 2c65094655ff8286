UPDATE grants SET vetting = ?1 WHERE id = ?2;
