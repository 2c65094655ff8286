UPDATE departures SET removed_ms = :removed_ms, label = :label WHERE document = :document;
