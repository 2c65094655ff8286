//! `sync-server ca`: the CA tablets trust beside the present one.

use crate::{Folders, open_desk};
use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;

/// What is done about the next CA.
#[derive(Subcommand)]
pub(crate) enum CaCommand {
    /// Prints the next CA's fingerprint and how many devices trust it.
    Show {
        #[command(flatten)]
        folders: Folders,
    },
    /// Makes the next CA and announces it: devices trust it beside the present one from their next contact on.
    Next {
        #[command(flatten)]
        folders: Folders,
        /// Where its key goes: a file on another medium, kept away from the server.
        #[arg(long)]
        file: PathBuf,
        /// In the place of one that was prepared before.
        #[arg(long)]
        again: bool,
    },
    /// Goes over to the next CA; lines are under it from the server's next start on.
    Use {
        #[command(flatten)]
        folders: Folders,
        /// The file that `ca next` wrote.
        #[arg(long)]
        file: PathBuf,
        /// Also when devices do not trust it yet: they have to be enrolled anew.
        #[arg(long)]
        cut_off: bool,
    },
}

/// Does it and says what came of it.
pub(crate) fn run(command: &CaCommand) -> Result<()> {
    match command {
        CaCommand::Show { folders } => {
            let standing = open_desk(folders)?.next_ca()?;
            for device in &standing.unheard {
                println!("{device} does not trust it yet");
            }
            let trusting = standing.devices - standing.unheard.len();
            let prepared = standing.prepared.as_deref().unwrap_or("none");
            println!(
                "ca next={prepared} devices={} trusting={trusting}",
                standing.devices
            );
        }
        CaCommand::Next {
            folders,
            file,
            again,
        } => {
            let made = open_desk(folders)?.prepare_next_ca(file, *again)?;
            println!("next CA {made}");
            println!(
                "its key is in {}: take it away from this machine",
                file.display()
            );
        }
        CaCommand::Use {
            folders,
            file,
            cut_off,
        } => {
            let used = open_desk(folders)?.use_next_ca(file, *cut_off)?;
            println!("CA {used}: start the server again to go over to it");
        }
    }
    Ok(())
}
