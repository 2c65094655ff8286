SELECT 1 FROM reviews WHERE document = :document AND device = :device;
