SELECT w.scope, w.epoch, w.device, w.sealed, w.digest, k.epoch IS NOT NULL
FROM unit_key_wraps AS w
LEFT JOIN unit_keys AS k ON k.scope = w.scope AND k.epoch = w.epoch
ORDER BY w.scope, w.epoch, w.device;
