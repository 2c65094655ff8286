SELECT hash FROM audit WHERE incarnation = :incarnation AND number = :number;
