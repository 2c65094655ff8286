INSERT INTO scopes (id) VALUES (:id);
