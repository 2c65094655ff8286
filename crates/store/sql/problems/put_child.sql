INSERT OR IGNORE INTO problem_children (problem, child) VALUES (:problem, :child);
