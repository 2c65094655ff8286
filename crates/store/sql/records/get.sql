SELECT schema, fields, imported FROM records WHERE document = :document;
