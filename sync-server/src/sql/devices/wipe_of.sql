SELECT number, receipt FROM wipes WHERE device = :device;
