UPDATE documents SET home_unit = :home_unit WHERE document = :document;
