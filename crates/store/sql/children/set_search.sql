UPDATE children SET search = :search WHERE child = :child;
