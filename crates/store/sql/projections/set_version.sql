UPDATE meta SET projections = :version;
