SELECT * FROM households ORDER BY household;
