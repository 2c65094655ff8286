-- Rows of a database of the second shape, for the test of what comes after: one change published, one packed, one waiting,
-- and a head that is held.
INSERT INTO scopes (id, last_seq) VALUES (x'01', 2);
INSERT INTO units (id, scope, level, name, region) VALUES (x'02', x'01', 'village', '白荷村', '310199100201');
INSERT INTO staff (id, unit, scope, role, name, since_ms) VALUES (x'03', x'02', x'01', 'director', '李玉梅', 0);
INSERT INTO devices (id, staff, public_key, file_first, file_last, enrolled_ms) VALUES (x'04', x'03', x'05', 1, 2, 0);
INSERT INTO documents (id, scope, home_unit, kind, rank, generation, schema, birth_unit, birth_generation, creator)
VALUES (x'06', x'01', x'02', 'child', 1, 1, 1, x'02', 1, x'04');
INSERT INTO changes (id, document, generation, hash, actor, actor_seq, max_op, device, seq, at_ms, raw_bytes, body, segment) VALUES
  (1, x'06', 1, x'a1', x'07', 1, 1, x'04', 1, 0, 9, x'', 1),
  (2, x'06', 1, x'a2', x'07', 2, 2, x'04', 2, 0, 9, x'b2', NULL),
  (3, x'06', 1, x'a3', x'07', 3, 3, x'04', 0, 0, 9, x'b3', NULL);
INSERT INTO heads (hash, device, incarnation, scope, dev_seq, state, seq, change_id) VALUES
  (x'c1', x'04', x'08', x'01', 1, 'accepted', 1, 1),
  (x'c2', x'04', x'08', x'01', 2, 'accepted', 2, 2),
  (x'c3', x'04', x'08', x'01', 3, 'accepted', NULL, 3),
  (x'c4', x'04', x'09', x'01', 1, 'held', NULL, NULL);
INSERT INTO held (head_hash, document, generation, body) VALUES (x'c4', x'06', 1, x'b4');
INSERT INTO log (scope, seq, at_ms, kind, change_id) VALUES (x'01', 1, 0, 'change', 1), (x'01', 2, 0, 'change', 2);
