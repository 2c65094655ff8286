UPDATE devices SET next_ca = :next_ca WHERE id = :device AND next_ca IS NOT :next_ca;
