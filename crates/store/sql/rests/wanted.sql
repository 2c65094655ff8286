SELECT document FROM rests WHERE wanted = 1 ORDER BY document LIMIT 1;
