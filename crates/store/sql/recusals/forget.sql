DELETE FROM recusals WHERE document = :document;
