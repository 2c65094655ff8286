-- Files a document under another unit than its people's, as a slip at the server would.
UPDATE documents SET home_unit = :unit WHERE id = :document
