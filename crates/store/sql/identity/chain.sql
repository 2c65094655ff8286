SELECT dev_seq, head FROM chains WHERE incarnation = :incarnation AND scope = :scope;
