SELECT packed, newest_ms, heard_ms FROM reports WHERE only_row = 1;
