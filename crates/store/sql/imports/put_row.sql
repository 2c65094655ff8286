INSERT OR REPLACE INTO import_rows (batch, row, outcome, status, document, content)
VALUES (:batch, :row, :outcome, :status, :document, :content);
