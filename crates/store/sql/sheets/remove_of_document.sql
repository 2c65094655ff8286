DELETE FROM sheets WHERE document = :document;
