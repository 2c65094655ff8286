-- Whose words stand, or may come to stand, in documents this village sees: the villages that know of its children, those
-- where children live it knows of, and where somebody works who stands in for one of them or for itself.
WITH beside (unit) AS (
  SELECT g.unit FROM guests AS g JOIN documents AS d ON d.id = g.document WHERE g.state = 'running' AND d.home_unit = :unit
  UNION
  SELECT d.home_unit FROM guests AS g JOIN documents AS d ON d.id = g.document WHERE g.state = 'running' AND g.unit = :unit
)
SELECT unit FROM beside
UNION
SELECT s.unit FROM covers AS c JOIN staff AS s ON s.id = c.delegate
WHERE c.state = 'running' AND (c.unit = :unit OR c.unit IN (SELECT unit FROM beside));
