INSERT INTO heads (hash, device, incarnation, scope, dev_seq, state, epoch)
VALUES (:hash, :device, :incarnation, :scope, :dev_seq, 'placed', :epoch);
