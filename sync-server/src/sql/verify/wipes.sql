SELECT device, number, receipt FROM wipes ORDER BY device;
