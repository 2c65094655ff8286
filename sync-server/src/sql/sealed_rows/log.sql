UPDATE log SET record = :record WHERE scope = :scope AND seq = :seq;
