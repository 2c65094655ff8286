SELECT oldest_reader FROM meta;
