SELECT unit, seq FROM covers WHERE delegate = :delegate AND state = 'running';
