//! The server's command line: init, serve, enrol, township, unit, backup, restore, orders, recover, audit, verify.
#![allow(clippy::print_stdout, reason = "a command line prints")]

/// The larger subcommands, a file each.
mod commands {
    pub(crate) mod ca;
    pub(crate) mod policy;
    pub(crate) mod unit;
}

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use commands::{ca, policy, unit};
use ids::{DeviceId, DocumentId, Role, StaffId, UnitId};
use protocol::{ConfirmEnrolment, CreateEnrolment, EnrolmentStatus, limits};
use std::path::{Path, PathBuf};
use sync_server::admin::AdminDesk;
use sync_server::child_rules::Responsible;
use sync_server::persons::Who;
use sync_server::recover::{self, RecoverInput};
use sync_server::shares::{self, Share};
use sync_server::system::{SystemClock, SystemEntropy};
use sync_server::vault::Vault;
use sync_server::{
    InitOptions, PerAddress, Place, Server, ServerConfig, copies, database, init, restore, verify,
};
use zeroize::Zeroizing;

/// The Zoufang sync server.
#[derive(Parser)]
#[command(name = "sync-server", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where a server's things are.
#[derive(Args)]
struct Folders {
    /// Data folder.
    #[arg(long)]
    data: PathBuf,
    /// Server key file, outside the data folder.
    #[arg(long)]
    key_file: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a server: keys, CA, district, township, policy packs, the first supervisor's code.
    Init {
        #[command(flatten)]
        folders: Folders,
        /// Folder for the three parts of the district's recovery key, of which two open a tablet; an officer takes each.
        #[arg(long)]
        recovery_shares: PathBuf,
        /// District name.
        #[arg(long)]
        district: String,
        /// District region code.
        #[arg(long)]
        district_region: String,
        /// Township name.
        #[arg(long)]
        township: String,
        /// Township region code.
        #[arg(long)]
        township_region: String,
        /// Folder with policy packs.
        #[arg(long)]
        policy: Option<PathBuf>,
        /// Synthetic data only.
        #[arg(long)]
        demo: bool,
        /// Name of the first supervisor.
        #[arg(long)]
        supervisor: String,
        /// host:port tablets will be told.
        #[arg(long, default_value = "127.0.0.1:8443")]
        address: String,
    },
    /// Serves until SIGINT or SIGTERM.
    Serve {
        #[command(flatten)]
        folders: Folders,
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8443")]
        listen: String,
        /// host:port tablets are told, when it differs.
        #[arg(long)]
        advertise: Option<String>,
        /// Folder of the second copy, best on another disk.
        #[arg(long)]
        second_copy: Option<PathBuf>,
        /// Connections one address may have open, of the 2048 there are. Tablets behind one address need one or two each.
        #[arg(long, default_value_t = limits::CONNECTIONS_PER_ADDRESS,
              value_parser = clap::value_parser!(u32).range(1..=2048))]
        connections_per_address: u32,
    },
    /// Shows the open codes; makes one; confirms one.
    Enrol {
        #[command(flatten)]
        folders: Folders,
        /// Make a code for a supervisor of this name.
        #[arg(long, conflicts_with = "confirm")]
        new: Option<String>,
        /// With --new: a director's code for this village instead.
        #[arg(long, requires = "new")]
        village: Option<String>,
        /// With --new: the code is for the head of the station.
        #[arg(long, requires = "new", conflicts_with = "village")]
        head: bool,
        /// With --new: the township, by name or region code, where there are several.
        #[arg(long, requires = "new", conflicts_with = "village")]
        township: Option<String>,
        /// With --new: the code is for an officer of the district, who hears the stations' reports and opens no file.
        #[arg(long, requires = "new", conflicts_with_all = ["village", "head", "township"])]
        officer: bool,
        /// With --new: the person of that name who has or had this post, by its id; she leaves it for the new one.
        #[arg(long, requires = "new", conflicts_with = "another_person")]
        same_as: Option<String>,
        /// With --new: somebody of that name is known, and this is another person.
        #[arg(long, requires = "new")]
        another_person: bool,
        /// Confirm this enrolment.
        #[arg(long, requires = "code")]
        confirm: Option<String>,
        /// The six digits the device shows.
        #[arg(long)]
        code: Option<String>,
    },
    /// Townships of the district.
    #[command(subcommand)]
    Township(TownshipCommand),
    /// The CA tablets trust beside the present one, for the day the server goes over to it.
    #[command(subcommand)]
    Ca(ca::CaCommand),
    /// Policy packs: which there are, and new ones.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Takes the rules for children under fourteen and who answers for them; without them only a demo serves.
    Rules {
        #[command(flatten)]
        folders: Folders,
        /// The rules: docs/papers/rules-under-14.zh-CN.md, filled in.
        text: PathBuf,
        /// Who answers for them; the text names her.
        #[arg(long)]
        responsible: String,
        /// What she is.
        #[arg(long, default_value = "")]
        duty: String,
        /// Her telephone number; it stands in the text.
        #[arg(long)]
        phone: String,
    },
    /// Villages: what they are called, and what becomes of them.
    #[command(subcommand)]
    Unit(unit::UnitCommand),
    /// Copies the database into another folder while it is in use.
    Backup {
        /// Data folder.
        #[arg(long)]
        data: PathBuf,
        /// Folder of the copy.
        #[arg(long)]
        to: PathBuf,
        /// Server key file: with it a signed line over the end of the audit chain is written beside the copy.
        #[arg(long)]
        key_file: Option<PathBuf>,
    },
    /// Puts a copy in the place of the database and begins a new epoch; the devices bring back what came after it.
    Restore {
        /// The copy, as `backup` or `--second-copy` made it.
        #[arg(long)]
        from: PathBuf,
        /// Data folder; no server may run on it.
        #[arg(long)]
        data: PathBuf,
    },
    /// Ends the hold after a restore by hand: every erasure and revocation ordered since the copy is known again.
    ConfirmOrders {
        #[command(flatten)]
        folders: Folders,
    },
    /// Orders that a document be erased everywhere.
    Erase {
        #[command(flatten)]
        folders: Folders,
        /// The document.
        document: String,
        /// Why; kept sealed at the server.
        #[arg(long)]
        reason: String,
    },
    /// Orders that a device may not speak to the server any more.
    Revoke {
        #[command(flatten)]
        folders: Folders,
        /// The device.
        device: String,
        /// Why; kept sealed at the server.
        #[arg(long)]
        reason: String,
    },
    /// Opens a tablet that no PIN opens any more: two officers of the district, a part of its recovery key each.
    Recover {
        #[command(flatten)]
        folders: Folders,
        /// The text the tablet shows, or a file that holds it.
        #[arg(long)]
        request: String,
        /// The six digits the tablet shows, read out by whoever holds it. Without them nothing is opened: the digits
        /// of the request are shown, to be compared.
        #[arg(long, requires_all = ["share", "officer", "reason"])]
        code: Option<String>,
        /// An officer's share file; give it twice.
        #[arg(long, num_args = 1, action = clap::ArgAction::Append)]
        share: Vec<PathBuf>,
        /// The officer's name; give it twice. Kept sealed at the server.
        #[arg(long, num_args = 1, action = clap::ArgAction::Append)]
        officer: Vec<String>,
        /// Why; kept sealed at the server.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Lists the tablets that were opened this way: when, which, by whom and why.
    Recoveries {
        #[command(flatten)]
        folders: Folders,
    },
    /// Opens what a wiped device could not hand over (unfinished forms, changes that were not taken) with the district's
    /// recovery key, which two officers have in parts, and prints it as JSON.
    Remains {
        #[command(flatten)]
        folders: Folders,
        /// The device.
        device: String,
        /// An officer's share file; give it twice.
        #[arg(long, num_args = 1, action = clap::ArgAction::Append)]
        share: Vec<PathBuf>,
    },
    /// Gives the key under which sealed words of a station lie to one of its devices, when no colleague's device is left
    /// that could: with the district's recovery key, which two officers have in parts.
    UnitKey {
        #[command(flatten)]
        folders: Folders,
        /// The device.
        device: String,
        /// An officer's share file; give it twice.
        #[arg(long, num_args = 1, action = clap::ArgAction::Append)]
        share: Vec<PathBuf>,
    },
    /// Tries changes for a running server; started by it, never by hand.
    #[command(hide = true)]
    Worker,
    /// Prints a month of the audit chain: who decided what.
    Audit {
        #[command(flatten)]
        folders: Folders,
        /// The month, as 2026-11.
        #[arg(long)]
        month: String,
    },
    /// Prints one signed line over the end of the audit chain. Give it to somebody who does not run the server.
    Anchor {
        #[command(flatten)]
        folders: Folders,
    },
    /// Reads everything, checks every signature and both audit chains; says what came back after a restore.
    Verify {
        #[command(flatten)]
        folders: Folders,
        /// A file of anchors that somebody else kept, one a line.
        #[arg(long)]
        anchors: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum TownshipCommand {
    /// Makes another township under the district, with its first supervisor's code. The server may run meanwhile.
    Add {
        #[command(flatten)]
        folders: Folders,
        /// Township name.
        #[arg(long)]
        name: String,
        /// Township region code.
        #[arg(long)]
        region: String,
        /// Name of its first supervisor.
        #[arg(long)]
        supervisor: String,
    },
}

fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    sync_server::system::log_only_where_it_panicked();
    match Cli::parse().command {
        Command::Init {
            folders,
            recovery_shares,
            district,
            district_region,
            township,
            township_region,
            policy,
            demo,
            supervisor,
            address,
        } => run_init(&InitOptions {
            data: folders.data,
            key_file: folders.key_file,
            recovery_shares,
            district: Place {
                name: district,
                region: district_region,
            },
            township: Place {
                name: township,
                region: township_region,
            },
            policy,
            demo,
            supervisor,
            address,
        }),
        Command::Serve {
            folders,
            listen,
            advertise,
            second_copy,
            connections_per_address,
        } => {
            let per_address = PerAddress {
                connections: connections_per_address as usize,
                ..PerAddress::default()
            };
            run_serve(folders, listen, advertise, second_copy, per_address)
        }
        Command::Enrol {
            folders,
            new,
            village,
            township,
            head,
            officer,
            same_as,
            another_person,
            confirm,
            code,
        } => run_enrol(
            &folders,
            new,
            (village.as_deref(), township.as_deref()),
            (head, officer),
            (same_as.as_deref(), another_person),
            confirm.as_deref().zip(code),
        ),
        Command::Township(TownshipCommand::Add {
            folders,
            name,
            region,
            supervisor,
        }) => run_township_add(&folders, &name, &region, &supervisor),
        Command::Rules {
            folders,
            text,
            responsible,
            duty,
            phone,
        } => {
            let name = responsible;
            run_rules(&folders, &text, &Responsible { name, duty, phone })
        }
        Command::Unit(command) => unit::run(&command),
        Command::Ca(command) => ca::run(&command),
        Command::Policy(command) => policy::run(&command),
        Command::Backup { data, to, key_file } => run_backup(&data, &to, key_file),
        Command::Restore { from, data } => run_restore(&from, &data),
        Command::ConfirmOrders { folders } => run_confirm_orders(&folders),
        Command::Erase {
            folders,
            document,
            reason,
        } => run_erase(&folders, &document, &reason),
        Command::Revoke {
            folders,
            device,
            reason,
        } => run_revoke(&folders, &device, &reason),
        Command::Recover {
            folders,
            request,
            code,
            share,
            officer,
            reason,
        } => run_recover(
            &folders,
            &request,
            code.as_deref(),
            (&share, &officer, reason.as_deref().unwrap_or_default()),
        ),
        Command::Recoveries { folders } => run_recoveries(&folders),
        Command::Remains {
            folders,
            device,
            share,
        } => run_remains(&folders, &device, &share),
        Command::UnitKey {
            folders,
            device,
            share,
        } => run_unit_key(&folders, &device, &share),
        Command::Worker => Ok(sync_server::worker::main()?),
        Command::Audit { folders, month } => run_audit(&folders, &month),
        Command::Anchor { folders } => {
            println!("{}", open_desk(&folders)?.anchor()?);
            Ok(())
        }
        Command::Verify { folders, anchors } => run_verify(&folders, anchors.as_deref()),
    }
}

fn run_init(options: &InitOptions) -> Result<()> {
    let report = init(options, &SystemClock, &SystemEntropy)?;
    println!("scope {}", report.scope);
    println!("district {}", report.district);
    for share in &report.recovery_shares {
        println!("recovery share {}", share.display());
    }
    println!("give each share to another officer and leave none here; two of them open a tablet");
    print_enrolment(&report.enrolment);
    Ok(())
}

fn run_rules(folders: &Folders, text: &Path, responsible: &Responsible) -> Result<()> {
    let text = std::fs::read_to_string(text).context("the rules cannot be read")?;
    let version = open_desk(folders)?.take_child_rules(&text, responsible)?;
    println!("rules {version}");
    Ok(())
}

fn run_serve(
    folders: Folders,
    listen: String,
    advertise: Option<String>,
    second_copy: Option<PathBuf>,
    per_address: PerAddress,
) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("no async runtime")?;
    runtime.block_on(async {
        let mut config = ServerConfig::new(folders.data, folders.key_file);
        config.listen = listen;
        config.advertise = advertise;
        config.second_copy = second_copy;
        config.per_address = per_address;
        config.worker = sync_server::Worker::this_program()?;
        let server = Server::start(config).await?;
        println!("listening {}", server.address);
        stop_signal().await?;
        server.shutdown().await;
        Ok(())
    })
}

#[cfg(unix)]
async fn stop_signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn stop_signal() -> Result<()> {
    Ok(tokio::signal::ctrl_c().await?)
}

fn run_enrol(
    folders: &Folders,
    new: Option<String>,
    (village, township): (Option<&str>, Option<&str>),
    (head, officer): (bool, bool),
    (same_as, is_another): (Option<&str>, bool),
    confirm: Option<(&str, String)>,
) -> Result<()> {
    let mut desk = open_desk(folders)?;
    if let Some(person) = new {
        let (unit, role) = match village {
            Some(village) => (
                UnitId::parse(village).context("not a village id")?,
                Role::Director,
            ),
            None if officer => (desk.district()?, Role::Officer),
            None if head => (desk.scope(township)?, Role::Head),
            None => (desk.scope(township)?, Role::Supervisor),
        };
        let who = match same_as {
            Some(post) => Who::SameAs(StaffId::parse(post).context("not the id of a post")?),
            None if is_another => Who::Another,
            None => Who::Unknown,
        };
        let input = CreateEnrolment { unit, role, person };
        print_enrolment(&desk.create_enrolment(&input, who)?);
    } else if let Some((enrolment, compare_code)) = confirm {
        let input = ConfirmEnrolment {
            enrolment: enrolment.parse().context("not an enrolment id")?,
            compare_code,
        };
        print_enrolment(&desk.confirm_enrolment(&input)?);
    } else {
        let open = desk.open_enrolments()?;
        if open.is_empty() {
            println!("no open codes; make one with --new NAME");
        }
        open.iter().for_each(print_enrolment);
    }
    Ok(())
}

fn run_township_add(folders: &Folders, name: &str, region: &str, supervisor: &str) -> Result<()> {
    let mut desk = AdminDesk::open(
        &folders.data,
        &folders.key_file,
        &SystemClock,
        &SystemEntropy,
    )?;
    print_enrolment(&desk.add_township(name, region, supervisor)?);
    Ok(())
}

fn print_enrolment(status: &EnrolmentStatus) {
    println!("enrolment {}", status.enrolment);
    println!("  for      {} ({})", status.person, status.unit_name);
    println!("  state    {}", status.state.as_str());
    if !status.code.is_empty() {
        println!("  address  {}", status.address);
        println!("  code     {} {}", &status.code[..4], &status.code[4..]);
        println!("  qr       {}", status.qr);
    }
    if let Some(code) = &status.compare_code {
        println!("  compare  {code}");
        println!(
            "  the device must show the same six digits; then: enrol --confirm {} --code {code}",
            status.enrolment
        );
    }
}

fn run_backup(data: &Path, to: &Path, key_file: Option<PathBuf>) -> Result<()> {
    copies::back_up(data, to, &SystemClock)?;
    if let Some(key_file) = key_file {
        let folders = Folders {
            data: data.to_owned(),
            key_file,
        };
        let anchor = open_desk(&folders)?.anchor()?;
        copies::keep_anchor(to, &anchor)?;
        println!("{anchor}");
    }
    println!("copied to {}", to.join(copies::COPY_FILE).display());
    Ok(())
}

fn run_restore(from: &Path, data: &Path) -> Result<()> {
    let report = restore::restore(from, data, &SystemClock, &SystemEntropy)?;
    println!("epoch {}", report.epoch);
    if let Some(aside) = &report.moved_aside {
        println!("what was there is kept in {}", aside.display());
    }
    println!("start the server: tablets bring back what came after the copy, and nothing is shown");
    println!("until the station has synced, or confirm-orders is run");
    Ok(())
}

fn open_desk(folders: &Folders) -> Result<AdminDesk<'static>> {
    Ok(AdminDesk::open(
        &folders.data,
        &folders.key_file,
        &SystemClock,
        &SystemEntropy,
    )?)
}

fn run_confirm_orders(folders: &Folders) -> Result<()> {
    let released = open_desk(folders)?.confirm_orders()?;
    println!(
        "{}",
        if released {
            "released"
        } else {
            "nothing was held"
        }
    );
    Ok(())
}

fn run_erase(folders: &Folders, document: &str, reason: &str) -> Result<()> {
    let document = DocumentId::parse(document).context("not a document id")?;
    let number = open_desk(folders)?.erase(document, reason)?;
    println!("order {number}: erased here; each tablet follows with its next sync");
    Ok(())
}

fn run_revoke(folders: &Folders, device: &str, reason: &str) -> Result<()> {
    let device = DeviceId::parse(device).context("not a device id")?;
    let number = open_desk(folders)?.revoke(device, reason)?;
    println!("order {number}: revoked");
    Ok(())
}

fn run_recover(
    folders: &Folders,
    request: &str,
    code: Option<&str>,
    (files, officers, reason): (&[PathBuf], &[String], &str),
) -> Result<()> {
    let request = match std::fs::read_to_string(request) {
        Ok(text) => text,
        Err(_) => request.to_owned(),
    };
    let Some(code) = code else {
        let (digits, device) = recover::look_at(&request)?;
        println!("compare {digits}");
        if let Some(device) = device {
            println!("device  {device}");
        }
        println!(
            "the tablet must show the same six digits; then say them with --code, and give two"
        );
        println!("--share FILE and two --officer NAME with a --reason");
        return Ok(());
    };
    let ([first, second], [one, other]) = (files, officers) else {
        bail!("two --share and two --officer are needed");
    };
    let recovered = open_desk(folders)?.recover(&RecoverInput {
        request: &request,
        compare_code: code,
        shares: [&read_share(first)?, &read_share(second)?],
        officers: [one, other],
        reason,
    })?;
    println!("recovery {}", recovered.id);
    println!("{}", recovered.answer);
    Ok(())
}

fn run_recoveries(folders: &Folders) -> Result<()> {
    for record in open_desk(folders)?.recoveries()? {
        let device = record
            .device
            .map_or_else(|| "unknown".to_owned(), |device| device.to_string());
        println!("recovery {} at {} device {device}", record.id, record.at_ms);
        for line in record.words.lines() {
            println!("  {line}");
        }
    }
    Ok(())
}

fn run_remains(folders: &Folders, device: &str, files: &[PathBuf]) -> Result<()> {
    let device = DeviceId::parse(device).context("not a device id")?;
    let [first, second] = files else {
        bail!("two --share are needed");
    };
    let secret = shares::join(&read_share(first)?, &read_share(second)?)?;
    match open_desk(folders)?.remains(device, &secret)? {
        Some(remains) => println!("{}", String::from_utf8_lossy(&remains)),
        None => println!("it left nothing"),
    }
    Ok(())
}

fn run_unit_key(folders: &Folders, device: &str, files: &[PathBuf]) -> Result<()> {
    let device = DeviceId::parse(device).context("not a device id")?;
    let [first, second] = files else {
        bail!("two --share are needed");
    };
    let secret = shares::join(&read_share(first)?, &read_share(second)?)?;
    let given = open_desk(folders)?.give_unit_key(device, &secret)?;
    println!("unit keys given={given}; the device has them after its next sync");
    Ok(())
}

fn read_share(path: &Path) -> Result<Share> {
    let text = Zeroizing::new(
        std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?,
    );
    Ok(Share::parse(&text)?)
}

fn run_audit(folders: &Folders, month: &str) -> Result<()> {
    let lines = open_desk(folders)?
        .audit_month(month)?
        .context("a month is written as 2026-11")?;
    for line in &lines {
        println!("{line}");
    }
    println!("audit month={month} rows={}", lines.len());
    Ok(())
}

fn run_verify(folders: &Folders, anchors: Option<&Path>) -> Result<()> {
    let vault = Vault::open(&folders.key_file, &folders.data)?;
    // It makes of an older database one of today first; where it cannot be opened, the rest is looked at all the same.
    drop(open_desk(folders));
    let connection = database::open(&folders.data)?;
    let mut report = verify::verify(&connection, &vault)?;
    report
        .faults
        .extend(verify::verify_blobs(&connection, &folders.data)?);
    if let Some(file) = anchors {
        let anchors = std::fs::read_to_string(file).context("the anchors cannot be read")?;
        match open_desk(folders)?.check_anchors(&anchors) {
            Ok(faults) => report.faults.extend(faults),
            // What else does not hold is said all the same.
            Err(error) => report.faults.push(format!("anchors: {error}")),
        }
    }
    for line in report.faults.iter().chain(&report.told) {
        println!("  {line}");
    }
    for line in open_desk(folders)?.recovery_report()? {
        println!("{line}");
    }
    println!(
        "verify changes={} broken={}",
        report.changes,
        report.faults.len()
    );
    if !report.faults.is_empty() {
        bail!("what is kept does not hold");
    }
    Ok(())
}
