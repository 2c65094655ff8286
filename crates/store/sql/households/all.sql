SELECT household, unit, address, village_group, landmark, phone FROM households ORDER BY household;
