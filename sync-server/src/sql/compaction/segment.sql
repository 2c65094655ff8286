SELECT document, generation, body FROM segments WHERE id = :id;
