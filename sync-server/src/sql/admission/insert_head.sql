INSERT INTO heads (hash, device, incarnation, scope, dev_seq, state)
VALUES (:hash, :device, :incarnation, :scope, :dev_seq, 'placed');
