UPDATE meta SET projections = ?1;
