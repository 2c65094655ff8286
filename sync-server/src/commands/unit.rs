//! `sync-server unit`: what villages are called, and what becomes of them.

use crate::{Folders, open_desk};
use anyhow::{Context, Result};
use clap::Subcommand;
use ids::UnitId;
use sync_server::admin::AdminDesk;

/// A village is named by its id, its code or a code it once had.
#[derive(Subcommand)]
pub(crate) enum UnitCommand {
    /// Prints the villages with their ids, codes and former names.
    List {
        #[command(flatten)]
        folders: Folders,
    },
    /// Gives a village another name from now on.
    Rename {
        #[command(flatten)]
        folders: Folders,
        /// The village.
        village: String,
        /// The new name.
        #[arg(long)]
        name: String,
    },
    /// Gives a village another region code from now on.
    Recode {
        #[command(flatten)]
        folders: Folders,
        /// The village.
        village: String,
        /// The new code.
        #[arg(long)]
        region: String,
    },
    /// Lets a village go up in another one of its township: its documents are ordered there.
    Merge {
        #[command(flatten)]
        folders: Folders,
        /// The village that is no more.
        village: String,
        /// The one it goes up in.
        #[arg(long)]
        into: String,
    },
    /// Makes a village out of a part of another one; the station moves the children who live there.
    Split {
        #[command(flatten)]
        folders: Folders,
        /// The village that stays.
        village: String,
        /// The new village's name.
        #[arg(long)]
        name: String,
        /// The new village's region code.
        #[arg(long)]
        region: String,
    },
}

/// Does it and says what came of it.
pub(crate) fn run(command: &UnitCommand) -> Result<()> {
    match command {
        UnitCommand::List { folders } => {
            for village in open_desk(folders)?.villages()? {
                let now = match village.successor {
                    Some(successor) => format!("in {successor}"),
                    None => "open".to_owned(),
                };
                println!("{} {} {} {now}", village.id, village.region, village.name);
                for former in village.former {
                    let (region, name) = (former.region, former.name);
                    println!("  {region} {name} until {}", former.until_ms);
                }
            }
        }
        UnitCommand::Rename {
            folders,
            village,
            name,
        } => {
            let mut desk = open_desk(folders)?;
            let id = find_village(&desk, village)?;
            println!("{}", desk.call_village_anew(id, Some(name), None)?);
        }
        UnitCommand::Recode {
            folders,
            village,
            region,
        } => {
            let mut desk = open_desk(folders)?;
            let id = find_village(&desk, village)?;
            println!("{}", desk.call_village_anew(id, None, Some(region))?);
        }
        UnitCommand::Merge {
            folders,
            village,
            into,
        } => {
            let mut desk = open_desk(folders)?;
            let (from, into) = (find_village(&desk, village)?, find_village(&desk, into)?);
            println!(
                "merged: {} documents moved",
                desk.merge_village(from, into)?
            );
        }
        UnitCommand::Split {
            folders,
            village,
            name,
            region,
        } => {
            let mut desk = open_desk(folders)?;
            let from = find_village(&desk, village)?;
            println!("made {}", desk.split_village(from, name, region)?);
        }
    }
    Ok(())
}

/// By its id, its code now, or a code it once had.
fn find_village(desk: &AdminDesk<'_>, text: &str) -> Result<UnitId> {
    let known = desk.villages()?.into_iter().find(|village| {
        village.id.to_string() == text
            || village.region == text
            || village.former.iter().any(|former| former.region == text)
    });
    Ok(known.context("there is no such village")?.id)
}
