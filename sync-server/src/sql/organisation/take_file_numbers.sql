UPDATE scopes SET next_file_number = next_file_number + :count
WHERE id = :scope
RETURNING next_file_number - :count;
