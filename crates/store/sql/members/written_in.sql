SELECT changes.hash, changes.device, changes.staff, changes.wall_ms,
       coalesce(authors.name, staff.name, identity.person) AS name,
       coalesce(authors.role, staff.role, identity.role) AS role,
       coalesce(authors.unit, staff.unit, identity.unit) AS unit,
       changes.origin = 'local' OR coalesce(changes.device = (SELECT device FROM identity), 0) AS here
FROM changes
LEFT JOIN authors ON authors.actor = changes.actor
LEFT JOIN staff ON staff.staff = changes.staff
LEFT JOIN identity ON identity.staff = changes.staff
WHERE changes.document = :document;
