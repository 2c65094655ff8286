SELECT carrier, author, changes FROM returns WHERE scope = :scope ORDER BY changes DESC, carrier, author;
