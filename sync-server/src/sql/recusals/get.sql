SELECT until_ms FROM recusals WHERE id = :id AND document = :document;
