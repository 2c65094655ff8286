SELECT device, staff, unit, scope, incarnation, role, person, unit_name, township, certificate, server_address,
       ca_fingerprint, demo, signing_key, restored, file_prefix, file_next, file_end, enrolled_ms
FROM identity;
