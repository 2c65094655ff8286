SELECT body, signature FROM member_statements WHERE kind = 'staff' ORDER BY id;
