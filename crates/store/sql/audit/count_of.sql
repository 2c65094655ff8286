SELECT count(*) FROM audit WHERE action IN (SELECT value FROM json_each(:actions));
