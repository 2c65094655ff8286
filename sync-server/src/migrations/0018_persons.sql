-- A person is more than a post (docs/adr/0056): a later post of somebody names her first one. Who of before is whom nobody
-- guesses from a name: each post of before is a person of its own.
ALTER TABLE staff ADD COLUMN person BLOB;
