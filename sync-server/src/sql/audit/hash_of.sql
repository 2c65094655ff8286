SELECT hash FROM audit WHERE position = :position;
