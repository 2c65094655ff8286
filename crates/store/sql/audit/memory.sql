SELECT device, incarnation FROM identity;
