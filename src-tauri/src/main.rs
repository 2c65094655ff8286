//! Zoufang in a window of its own.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use clap::Parser;
use client::view::ShellKind;
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Zoufang in a window of its own")]
struct Arguments {
    /// Folder of this person's store; one process a folder.
    #[arg(long, env = "ZOUFANG_FOLDER")]
    folder: Option<PathBuf>,
    /// A folder without an enrolment shows the station's screens.
    #[arg(long)]
    station: bool,
    /// Ends when standard input closes.
    #[arg(long)]
    until_input_closes: bool,
}

fn main() -> tauri::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    client::system::log_only_where_it_panicked();
    let arguments = Arguments::parse();
    zoufang_window::run(zoufang_window::Start {
        folder: arguments.folder,
        shell: if arguments.station {
            ShellKind::Station
        } else {
            ShellKind::Tablet
        },
        until_input_closes: arguments.until_input_closes,
    })
}
