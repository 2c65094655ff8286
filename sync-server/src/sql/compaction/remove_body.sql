DELETE FROM bodies WHERE change_id = :id;
