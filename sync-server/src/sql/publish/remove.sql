DELETE FROM changes WHERE id = :id;
