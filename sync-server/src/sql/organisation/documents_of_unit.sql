SELECT id, kind, creator, moves FROM documents WHERE home_unit = :unit AND kind <> 'restricted' ORDER BY rank, id;
