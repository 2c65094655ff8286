UPDATE unit_keys SET digest = :digest WHERE scope = :scope AND epoch = :epoch;
