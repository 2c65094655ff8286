SELECT actor, seq FROM changes WHERE hash = :hash;
