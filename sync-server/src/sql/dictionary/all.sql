SELECT id, bytes FROM dictionaries;
