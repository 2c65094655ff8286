SELECT
  incarnation,
  number AS sent,
  epoch,
  (SELECT coalesce(max(a.number), 0) FROM audit AS a WHERE a.incarnation = audit_sent.incarnation) - number AS rows,
  coalesce(
    (SELECT a.at_ms FROM audit AS a WHERE a.incarnation = audit_sent.incarnation AND a.number = audit_sent.number + 1),
    :now_ms
  ) AS since_ms
FROM audit_sent
ORDER BY incarnation;
