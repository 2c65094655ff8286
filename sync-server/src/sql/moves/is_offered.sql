SELECT 1 FROM move_documents AS d
JOIN moves AS m ON m.id = d.move
WHERE d.document = :document AND m.state = 'offered' AND m.expires_ms > :now_ms;
