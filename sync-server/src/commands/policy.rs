//! `sync-server policy`: rules that come after the server was made.

use crate::{Folders, open_desk};
use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;

/// What is done about policy packs. The server may run meanwhile.
#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Lists the packs there are.
    List {
        #[command(flatten)]
        folders: Folders,
    },
    /// Takes packs, all or none; every tablet has them after its next contact.
    Add {
        #[command(flatten)]
        folders: Folders,
        /// A pack, or a folder with packs.
        path: PathBuf,
        /// Also where one of the same id says something else; what it says of days that are past changes then.
        #[arg(long)]
        replace: bool,
    },
}

/// Does it and says what came of it.
pub(crate) fn run(command: &PolicyCommand) -> Result<()> {
    match command {
        PolicyCommand::List { folders } => {
            for id in open_desk(folders)?.policies()? {
                println!("{id}");
            }
        }
        PolicyCommand::Add {
            folders,
            path,
            replace,
        } => {
            let mut desk = open_desk(folders)?;
            for (id, taken) in desk.add_policies(path, *replace)? {
                println!("{} {id}", taken.as_str());
            }
            for year in desk.years_without_holidays()? {
                eprintln!(
                    "no pack has the holidays of {year} (work_years): its dates count Monday to Friday"
                );
            }
        }
    }
    Ok(())
}
