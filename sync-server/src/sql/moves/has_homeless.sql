-- A document of this scope was ordered to a place nobody has told of yet.
SELECT 1 FROM documents AS d
JOIN ordered_moves AS m ON m.document = d.id AND m.step > d.moves
WHERE d.scope = :scope AND NOT EXISTS (SELECT 1 FROM units AS u WHERE u.id = m.to_unit);
