SELECT document, schema, fields, imported FROM records WHERE kind = :kind;
