SELECT household, unit, address, village_group, landmark, phone FROM households WHERE household = :household;
