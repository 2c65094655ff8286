INSERT INTO document_keys (document, generation, wrapped) VALUES (:document, :generation, :wrapped);
