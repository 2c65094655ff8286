-- Of a station its own, of a district those of its stations and of no other's.
SELECT coalesce(max(c.at_ms), 0)
FROM countersignatures AS c
JOIN documents AS d ON d.id = c.problem
JOIN units AS u ON u.id = d.scope
WHERE :scope IN (u.id, u.parent);
