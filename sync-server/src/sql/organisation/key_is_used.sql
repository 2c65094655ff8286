SELECT EXISTS (SELECT 1 FROM devices WHERE public_key = :public_key);
