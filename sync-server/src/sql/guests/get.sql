SELECT until_ms FROM guests WHERE id = :id AND document = :document;
