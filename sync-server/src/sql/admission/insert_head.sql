INSERT INTO heads (hash, chain, dev_seq, state, epoch)
SELECT :hash, id, :dev_seq, 'placed', :epoch FROM chains
WHERE device = :device AND incarnation = :incarnation AND scope = :scope;
