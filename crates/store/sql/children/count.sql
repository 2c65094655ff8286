SELECT count(*) AS children FROM children;
