//! Serves one person's Zoufang to the browser of this machine.

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use client::view::ShellKind;
use client::{App, AppSettings};
use std::io::Write as _;
use std::path::PathBuf;
use webhost::{Host, new_token};

#[derive(Parser)]
#[command(about = "Zoufang in the browser of this machine")]
struct Arguments {
    /// Folder of this person's store; one process a folder.
    #[arg(long)]
    folder: PathBuf,
    /// Which shell a folder without an enrolment shows.
    #[arg(long, value_enum, default_value_t = Shell::Tablet)]
    shell: Shell,
    /// Port on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Folder with the built screens.
    #[arg(long, default_value = "ui/dist")]
    screens: PathBuf,
    /// The token; a fresh one when not given.
    #[arg(long, env = "ZOUFANG_TOKEN")]
    token: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Tablet,
    Station,
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    client::system::log_only_where_it_panicked();
    let arguments = Arguments::parse();
    let shell = match arguments.shell {
        Shell::Tablet => ShellKind::Tablet,
        Shell::Station => ShellKind::Station,
    };
    let mut settings = AppSettings::new(arguments.folder, shell);
    settings.extensions = extensions();
    let app = match App::open(settings) {
        Ok(app) => app,
        Err(error) if error.code() == "folder_in_use" => anyhow::bail!(
            "这个文件夹正被另一个走访程序使用，两个程序不能同时打开它。请先关掉那一个，再试一次。（folder_in_use）"
        ),
        Err(error) => return Err(error).context("this folder cannot be opened"),
    };
    app.start_sync();
    let host = Host {
        app: app.clone(),
        screens: arguments.screens,
        token: match arguments.token {
            Some(token) => token,
            None => new_token()?,
        },
    };
    let listening = host
        .bind(arguments.port)
        .await
        .context("the port is taken")?;
    let mut out = std::io::stdout();
    writeln!(out, "listening {}", listening.url)?;
    out.flush()?;
    listening
        .serve(async move {
            stop_signal().await;
            app.end();
        })
        .await?;
    Ok(())
}

#[cfg(feature = "station")]
fn extensions() -> Vec<std::sync::Arc<dyn client::Extension>> {
    vec![std::sync::Arc::new(office::Station)]
}

#[cfg(not(feature = "station"))]
fn extensions() -> Vec<std::sync::Arc<dyn client::Extension>> {
    Vec::new()
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .expect("a signal handler can be installed at start");
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = interrupt.await;
    }
}
