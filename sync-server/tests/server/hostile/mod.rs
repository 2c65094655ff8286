//! A scripted hostile client: an enrolled tablet in the wrong hands, and strangers at the port.
//!
//! Each scenario is one attack on a real server that serves a real village meanwhile. It asserts what the attacker is
//! told, and afterwards [`siege::Siege::stands`] asserts what matters: the neighbour's work still arrives, the station
//! sees it with its signature, and every document that was published can be built, saved and loaded again.

mod bytes;
mod chain;
mod craft;
mod graph;
mod identity;
mod reach;
mod requests;
mod siege;

/// One test per attack; the attack is an async closure over the siege.
macro_rules! attacks {
    ($($(#[$doc:meta])* $name:ident => $attack:expr;)*) => {
        $(
            $(#[$doc])*
            #[tokio::test]
            async fn $name() {
                $crate::hostile::siege::withstands($attack).await;
            }
        )*
    };
}
use attacks;
