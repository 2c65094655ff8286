//! Checks on the repository itself, code generation, demo data, and rules replayed from a file.

use anyhow::Result;
use clap::{Parser, Subcommand};

mod areas;
mod demo;
mod dictionary;
mod due;
mod form;
mod generate;
mod matrix;
mod register;
mod tidy;
mod typescript;

#[derive(Parser)]
#[command(about = "Tasks for people who work on this repository")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Writes a made-up township: its data, its staff and its Excel ledgers.
    Demo(demo::DemoArguments),
    /// Trains the dictionary for zstd from made-up envelopes; a new one gets a new number.
    Dictionary,
    /// Prints when a child is due, what was missed and why, from a case file (docs/due-case.md).
    Due {
        /// The case.
        case: std::path::PathBuf,
    },
    /// Compiles a form from a spreadsheet and prints its hash, or every fault with sheet, row, column and cause.
    Form {
        /// The spreadsheet; a pack (`.json`) is written as a spreadsheet instead.
        file: std::path::PathBuf,
        /// Where the pack goes.
        #[arg(long)]
        out: Option<std::path::PathBuf>,
    },
    /// Prints what a form makes of some answers: what is shown, missing, wrong and computed.
    Answer {
        /// The pack.
        pack: std::path::PathBuf,
        /// The answers.
        answers: std::path::PathBuf,
    },
    /// Makes the table of areas from a CSV of code, name, class, from, to, successor; names every line it cannot take.
    Areas {
        /// The CSV.
        file: std::path::PathBuf,
        /// Where it comes from, and which edition.
        #[arg(long)]
        source: String,
        /// Where the pack goes: a file under the policy folder.
        #[arg(long)]
        out: std::path::PathBuf,
    },
    /// Writes generated files: constant changes for the protocol crate, TypeScript types for the UI.
    Gen {
        /// Only compare; fail when a file is out of date.
        #[arg(long)]
        check: bool,
    },
    /// Prints every cell of the access decision and compares it with the reviewed table.
    Matrix {
        /// Write the table as it is now, to be reviewed.
        #[arg(long)]
        write: bool,
    },
    /// Checks the documents, locale files and arrows between crates against the code.
    Tidy,
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Dictionary => dictionary::run(),
        Task::Due { case } => due::run(&case),
        Task::Form { file, out } => form::run(&file, out.as_deref()),
        Task::Answer { pack, answers } => form::answer(&pack, &answers),
        Task::Areas { file, source, out } => areas::run(&file, &source, &out),
        Task::Gen { check } => generate::run(check),
        Task::Matrix { write } => matrix::run(write),
        Task::Tidy => tidy::run(),
    }
}
