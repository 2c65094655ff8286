SELECT projections FROM meta;
