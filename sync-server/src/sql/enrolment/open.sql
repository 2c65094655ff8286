SELECT e.id, e.unit, u.name, u.scope, e.role, e.person, e.locator, e.secrets, e.expires_ms, e.state, e.starts,
       e.device_key, e.device_nonce, e.server_nonce, e.commitment, e.compare_code, e.used_proof, e.device
FROM enrolments AS e
JOIN units AS u ON u.id = e.unit
WHERE e.expires_ms > :now_ms AND e.state <> 'done'
ORDER BY e.created_ms;
