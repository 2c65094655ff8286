SELECT EXISTS (SELECT 1 FROM enrolments WHERE locator = :locator AND expires_ms > :since_ms);
