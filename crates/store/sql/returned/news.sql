SELECT coalesce(max(position), 0) AS news FROM changes WHERE document = :document AND origin <> 'local';
