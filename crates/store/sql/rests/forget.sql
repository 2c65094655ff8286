DELETE FROM rests WHERE document = :document;
