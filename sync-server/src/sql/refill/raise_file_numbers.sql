UPDATE scopes SET next_file_number = max(next_file_number, :next) WHERE id = :scope;
