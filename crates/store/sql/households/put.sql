INSERT OR REPLACE INTO households (household, unit, address, village_group, landmark, phone)
VALUES (:household, :unit, :address, :village_group, :landmark, :phone);
