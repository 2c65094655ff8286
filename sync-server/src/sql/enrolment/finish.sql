UPDATE enrolments
SET state = 'done', secrets = x'', used_proof = :used_proof, device = :device
WHERE id = :id;
