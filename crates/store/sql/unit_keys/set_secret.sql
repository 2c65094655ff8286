UPDATE unit_keys SET secret = :secret WHERE scope = :scope AND epoch = :epoch AND secret IS NULL;
