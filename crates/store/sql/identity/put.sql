INSERT OR REPLACE INTO identity (only_row, device, staff, unit, scope, incarnation, role, person, unit_name, township,
  certificate, server_address, ca_fingerprint, demo, signing_key, restored, file_prefix, file_next, file_end, enrolled_ms)
VALUES (1, :device, :staff, :unit, :scope, :incarnation, :role, :person, :unit_name, :township,
  :certificate, :server_address, :ca_fingerprint, :demo, :signing_key, :restored, :file_prefix, :file_next, :file_end,
  :enrolled_ms);
