DELETE FROM departures WHERE document = :document;
