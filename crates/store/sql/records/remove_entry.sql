DELETE FROM entries WHERE document = :document AND collection = :collection AND entry = :entry;
