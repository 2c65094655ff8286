UPDATE unit_key_wraps SET digest = :digest WHERE scope = :scope AND epoch = :epoch AND device = :device;
