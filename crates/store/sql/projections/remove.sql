DELETE FROM records WHERE document = :document;
DELETE FROM entries WHERE document = :document;
DELETE FROM conflicts WHERE document = :document;
DELETE FROM households WHERE household = :document;
DELETE FROM children WHERE child = :document;
DELETE FROM events WHERE child = :document;
DELETE FROM problems WHERE problem = :document;
DELETE FROM problem_children WHERE problem = :document;
