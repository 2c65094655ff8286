DELETE FROM records;
DELETE FROM entries;
DELETE FROM conflicts;
DELETE FROM households;
DELETE FROM children;
DELETE FROM events;
DELETE FROM problems;
DELETE FROM problem_children;
