//! The simulator: several devices and a server in one thread, on one seed, with everything going wrong.
//!
//! The code that runs is the product's: `client`, `store`, `protocol` and the server's handlers. What is not real is what
//! they are given: the disk ([`simdisk`]), the clocks, the randomness, and a network that is a value in a variable.
//! The world is founded once ([`Founded`]). A schedule ([`play`]) begins with copies of its disks: the station, one to
//! three tablets, the server. For 6 to 15 turns, in every 40th schedule for 40 to 119, the seed decides who acts, what
//! the network does, at which operation of which disk the power goes, and which of the rarer perils come; then there is
//! peace, in which everybody syncs until nobody has anything to say, and the oracle looks.
//!
//! `make sim N=10000 SEED=1` plays schedules 1 to 10000; a failing seed becomes a named test in `tests/simulation`.

mod blunder;
mod chance;
mod countersigns;
mod founding;
mod machine;
mod moves;
mod network;
mod older;
mod oracle;
mod peace;
mod people;
mod perils;
mod renewals;
mod schedule;

pub use founding::Founded;
pub use schedule::{Ended, play};
