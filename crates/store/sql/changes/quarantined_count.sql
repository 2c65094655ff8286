SELECT count(*) AS changes FROM quarantine;
