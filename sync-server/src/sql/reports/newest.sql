-- Of a station its own, of a district those of its stations and of no other's.
SELECT coalesce(max(r.taken_ms), 0)
FROM reports AS r
JOIN units AS u ON u.id = r.scope
WHERE :scope IN (u.id, u.parent);
