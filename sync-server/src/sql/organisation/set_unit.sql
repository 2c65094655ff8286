UPDATE units SET name = :name, region = :region, since_ms = :since_ms, closed_ms = :closed_ms, successor = :successor
WHERE id = :id;
