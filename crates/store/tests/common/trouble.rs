//! Each operation of the disk in turn goes wrong: the harness of the fault tests.

use super::Machine;
use simdisk::{Fault, Image, Loss};
use std::fmt::Debug;
use store::Store;

/// What goes wrong, and what is left when the machine ends afterwards.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    Power(Loss),
    Once(Fault, Loss),
    Always(Fault, Loss),
}

const POWER: [Trouble; 3] = [
    Trouble::Power(Loss::Everything),
    Trouble::Power(Loss::Chance(0)),
    Trouble::Power(Loss::Nothing),
];
const ONCE: [Trouble; 4] = [
    Trouble::Once(Fault::Io, Loss::Everything),
    Trouble::Once(Fault::Full, Loss::Chance(0)),
    Trouble::Once(Fault::ShortWrite, Loss::Everything),
    Trouble::Once(Fault::Sync, Loss::Everything),
];
const ALWAYS: [Trouble; 2] = [
    Trouble::Always(Fault::Full, Loss::Nothing),
    Trouble::Always(Fault::Io, Loss::Chance(0)),
];

/// What is tried at the N-th operation.
pub fn troubles(n: u64) -> Vec<Trouble> {
    if std::env::var("FAULTS").is_ok_and(|which| which == "all") {
        return [&POWER[..], &ONCE, &ALWAYS].concat();
    }
    let turn = |of: &[Trouble]| of[usize::try_from(n).expect("small") % of.len()];
    vec![turn(&POWER), turn(&ONCE), turn(&ALWAYS)]
}

impl Trouble {
    pub fn begin(self, machine: &Machine, n: u64) {
        match self {
            Self::Power(_) => machine.disk.stop_after(n - 1),
            Self::Once(fault, _) => machine.disk.fail_at(n, fault),
            Self::Always(fault, _) => machine.disk.fail_from(n, fault),
        }
    }

    /// True when something was struck.
    pub fn end(self, machine: &Machine, n: u64) -> bool {
        let (struck, loss) = match self {
            Self::Power(loss) => (machine.disk.has_stopped(), loss),
            Self::Once(_, loss) | Self::Always(_, loss) => (machine.disk.stop_failing(), loss),
        };
        machine.disk.crash(match loss {
            Loss::Chance(_) => Loss::Chance(n),
            other => other,
        });
        struck
    }
}

/// One act, with each operation struck in each way. The act says when the trouble begins, and gives back what is open:
/// closing it properly would tidy up what the power cut is to leave.
pub fn at_every_operation<Told: Default + Debug>(
    image: &Image,
    act: impl Fn(&Machine, &dyn Fn(), &mut Told) -> Option<Store>,
    check: impl Fn(&Machine, &Told, &str),
) {
    for n in 1.. {
        let mut any_struck = false;
        for trouble in troubles(n) {
            let machine = Machine::from_image(n, image);
            let mut told = Told::default();
            let open = act(&machine, &|| trouble.begin(&machine, n), &mut told);
            any_struck |= trouble.end(&machine, n);
            let machine = machine.restarted(open);
            check(&machine, &told, &format!("{trouble:?} at {n}, {told:?}"));
        }
        if !any_struck {
            assert!(n > 10, "only {n} operations were struck");
            break;
        }
    }
}
