UPDATE documents SET bytes = bytes + :bytes WHERE id = :id;
