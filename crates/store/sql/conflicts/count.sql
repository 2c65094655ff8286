SELECT count(*) AS conflicts FROM conflicts WHERE place = 0;
