SELECT staff, name, role, unit, ended_ms FROM staff WHERE staff = :staff;
