SELECT 1 FROM forks WHERE device = :device AND incarnation = :incarnation AND scope = :scope;
