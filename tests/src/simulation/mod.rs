//! The simulator: several devices and a server in one thread, on one seed, with everything going wrong.
//!
//! The code that runs is the product's: `client`, `store`, `protocol` and the server's handlers. What is not real is what
//! they are given: the disk ([`simdisk`]), the clocks, the randomness, and a network that is a value in a variable.
//! The world is founded once ([`Founded`]); a schedule ([`play`]) begins with copies of its disks, lets the seed decide who
//! acts, what the network does and at which operation the power goes, and ends with peace, in which the oracle looks.
//!
//! `make sim N=10000 SEED=1` plays schedules 1 to 10000; a failing seed becomes a named test in `tests/simulation`.

mod chance;
mod founding;
mod machine;
mod oracle;
mod people;
mod schedule;

pub use founding::Founded;
pub use schedule::{Ended, play};
