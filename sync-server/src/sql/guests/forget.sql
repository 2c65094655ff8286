DELETE FROM guests WHERE document = :document;
