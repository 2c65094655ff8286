//! Stories of the whole system: the real server on a free port, real devices with real files, a bad network.

mod access;
mod bad_input;
mod canary;
mod contained;
mod forgotten_pin;
mod full_disk;
mod interrupted;
mod lease;
mod long_absence;
mod lost_tablet;
mod main_job;
mod malformed;
mod moves;
mod moves_restored;
mod offline_work;
mod outside_reader;
mod photos;
mod refused;
mod restored_server;
mod returned;
mod sealed_words;
mod several_people;
mod the_right_eyes;
mod trail;
mod two_tablets;
mod whole_form;
