SELECT device, count(*) FROM reviews
WHERE state = 'waiting' AND cause = 'revoked' AND scope = :scope
GROUP BY device;
