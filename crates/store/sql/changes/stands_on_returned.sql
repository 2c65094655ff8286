-- An own change that follows another own one which the server refused or holds for one.
SELECT 1 FROM changes AS c JOIN changes AS d ON d.document = c.document
WHERE c.hash = :hash AND c.origin = 'local' AND c.replaced_by IS NULL
  AND d.origin = 'local' AND d.state IN ('refused', 'held') AND d.replaced_by IS NULL
  AND instr(c.deps, d.hash) > 0
LIMIT 1;
