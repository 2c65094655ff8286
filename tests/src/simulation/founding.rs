//! The world before anything goes wrong, made once in a process: a server, a station, three tablets in two villages,
//! and their children. Every schedule begins with copies of its disks.

use super::chance::{MachineClock, MachineEntropy, WorldTime};
use super::machine::{Machine, Paths, ServerMachine, as_answer};
use super::older::make_older;
use anyhow::{Context, Result, ensure};
use client::view::AddChildInput;
use client::{Finished, Tablet, children};
use ed25519_dalek::SigningKey;
use ids::{Entropy, Role, UnitId};
use protocol::enrolment::{self, QrCode, Seen};
use protocol::session::proof;
use protocol::{
    CreateEnrolment, CreateVillage, Enrolled, EnrolmentProgress, EnrolmentStarted, EnrolmentStatus,
    FinishEnrolment, Locator, NonceRequest, NonceResponse, OpenSession, PROTOCOL_VERSION,
    RevealEnrolment, SessionOpened, StartEnrolment, VillageList, wire,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use simdisk::{Image, SimDisk};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::disk::{Disk, Opening};
use store::{ArgonCost, CreateOptions, FileHardwareKey, Store, StoreError};
use sync_server::{InitOptions, LocalServer, Place, init};
use tempfile::TempDir;

/// A Monday, 2026-11-02, ten in the morning in Shanghai.
pub const BEGINNING_MS: i64 = 1_793_584_800_000;

/// The PIN of every device.
pub const PIN: &str = "735182";

/// Who has a device: name, number of the village, or the station.
pub const PEOPLE: [(&str, Option<usize>); 6] = [
    ("陈敏", None),
    ("李玉梅", Some(0)),
    ("赵春燕", Some(0)),
    ("钱桂芳", Some(1)),
    ("沈岚", None),
    ("何珊", None),
];
/// The station's head, a place in [`PEOPLE`]: in schedules only where something is to be decided.
pub const HEAD: usize = 4;
/// An officer of the district, a place in [`PEOPLE`]: she has no document, and stands beside the township's devices.
pub const OFFICER: usize = 5;

const VILLAGES: [(&str, &str); 2] = [("白荷村", "310199100201"), ("青石村", "310199100202")];
const ROSTER: [(&str, usize); 4] = [("石小雨", 0), ("周子涵", 0), ("吴天宇", 1), ("郑可欣", 0)];

/// A founded world: what every disk holds.
pub struct Founded {
    /// The server's disk.
    pub server: Image,
    /// The server's key file, on this machine's own disk.
    pub key_file: PathBuf,
    /// The devices' disks, in the order of [`PEOPLE`].
    pub devices: Vec<Image>,
    /// The same, as the first version of the app left them.
    pub older_devices: Vec<Image>,
    /// When the founding was over.
    pub at_ms: i64,
    _folder: TempDir,
}

impl Founded {
    /// Founds the world.
    ///
    /// # Errors
    /// Any step is refused.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let time = WorldTime::at(BEGINNING_MS);
        let clock = MachineClock::new(&time);
        let entropy = MachineEntropy::new(0);
        let key_file = folder.path().join("server.key");
        let data = folder.path().join("server");
        let report = init(
            &InitOptions {
                data: data.clone(),
                key_file: key_file.clone(),
                recovery_shares: folder.path().join("recovery"),
                district: place("沧浦区", "310199000000"),
                township: place("芦汀镇", "310199100000"),
                policy: Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy")),
                demo: true,
                supervisor: PEOPLE[0].0.to_owned(),
                address: "127.0.0.1:7443".to_owned(),
            },
            clock.as_ref(),
            entropy.as_ref(),
        )?;
        let disk = SimDisk::new(1);
        let paths = Paths::default();
        let file = sync_server::database::file_of(&data);
        let bytes = std::fs::read(&file)?;
        disk.make_folder(&paths.server)?;
        let mut copy = disk.open(&sync_server::database::file_of(&paths.server), Opening::New)?;
        copy.write_at(0, &bytes)?;
        drop(copy);
        let mut server = ServerMachine::on(disk, key_file.clone(), &time, 2);
        let mut devices = Vec::new();
        let mut villages: Vec<UnitId> = Vec::new();
        for (number, (person, village)) in PEOPLE.into_iter().enumerate() {
            let open = server.open()?;
            let code = match village {
                None if number == HEAD => open.create_enrolment(&CreateEnrolment {
                    unit: report.scope,
                    role: Role::Head,
                    person: person.to_owned(),
                })?,
                None if number == OFFICER => open.create_enrolment(&CreateEnrolment {
                    unit: report.district,
                    role: Role::Officer,
                    person: person.to_owned(),
                })?,
                None => report.enrolment.clone(),
                Some(village) => open.create_enrolment(&CreateEnrolment {
                    unit: villages[village],
                    role: Role::Director,
                    person: person.to_owned(),
                })?,
            };
            let device = found_device(open, &code, &time, number)?;
            if number == 0 {
                villages = create_villages(open, device.tablet().context("it is open")?)?;
            }
            devices.push(device);
        }
        sync_all(&mut server, &mut devices)?;
        for (name, village) in ROSTER {
            let input = AddChildInput {
                name: name.to_owned(),
                sex: "2".to_owned(),
                birth_date: Some("2016-03-05".to_owned()),
                category: "LB-1".to_owned(),
                reason: "花名册上有。".to_owned(),
                household: None,
                village: Some(villages[village].to_string()),
            };
            children::add_child(devices[0].tablet().context("it is open")?, &input)?;
        }
        for _ in 0..2 {
            sync_all(&mut server, &mut devices)?;
        }
        for device in &mut devices {
            device.close();
        }
        server.close();
        let newest = devices.iter().map(|device| device.disk.image()).collect();
        let mut older_devices = Vec::new();
        for device in &mut devices {
            device.open()?;
            let tablet = device.tablet().context("it was just opened")?;
            tablet
                .store
                .write(|tx| make_older(tx).map_err(StoreError::from))?;
            device.close();
            older_devices.push(device.disk.image());
        }
        Ok(Self {
            server: server.disk.image(),
            key_file,
            devices: newest,
            older_devices,
            at_ms: time.now_ms(),
            _folder: folder,
        })
    }
}

fn place(name: &str, region: &str) -> Place {
    Place {
        name: name.to_owned(),
        region: region.to_owned(),
    }
}

fn sync_all(server: &mut ServerMachine, devices: &mut [Machine]) -> Result<()> {
    for device in devices {
        device.sync_whole(server)?;
    }
    Ok(())
}

pub(super) fn ask<Q: Serialize, A: DeserializeOwned>(
    server: &LocalServer,
    path: &str,
    token: Option<&str>,
    message: &Q,
) -> Result<A> {
    let body = wire::encode(message, wire::REQUEST)?;
    let answer = as_answer(server.call(path, token, &body))?;
    Ok(wire::decode(&answer, wire::RESPONSE)?)
}

fn found_device(
    server: &LocalServer,
    code: &EnrolmentStatus,
    time: &WorldTime,
    number: usize,
) -> Result<Machine> {
    let disk = SimDisk::new(10 + number as u64);
    let mut device = Machine::new(number, disk, time, 20 + number as u64);
    let finished = enrol(server, code, device.entropy.as_ref())?;
    let folder = device.paths.store.clone();
    let disk: Arc<dyn Disk> = Arc::new(device.disk.clone());
    let hardware = FileHardwareKey::beside(&folder).on(disk.clone());
    hardware.ensure(device.entropy.as_ref())?;
    let store = Store::create(
        &folder,
        CreateOptions {
            pin: PIN,
            cost: ArgonCost::FLOOR,
            hardware: &hardware,
            recovery_public: Some(finished.enrolled.recovery_key),
            entropy: device.entropy.clone(),
            clock: device.clock.clone(),
            disk,
            lock: None,
        },
    )?;
    device.put(Tablet::first(
        store,
        &finished,
        device.clock.clone(),
        device.entropy.clone(),
    )?);
    Ok(device)
}

/// Enrols by the text of the QR code, as the app does; whoever sits at the server compares and confirms.
fn enrol(server: &LocalServer, code: &EnrolmentStatus, entropy: &dyn Entropy) -> Result<Finished> {
    let qr = QrCode::parse(&code.qr)?;
    let mut seed = [0; 32];
    let mut nonce = [0; 32];
    entropy.fill(&mut seed);
    entropy.fill(&mut nonce);
    let key = SigningKey::from_bytes(&seed);
    let device_key = key.verifying_key().to_bytes();
    let started: EnrolmentStarted = ask(
        server,
        "/enrol/start",
        None,
        &StartEnrolment {
            protocol: PROTOCOL_VERSION,
            locator: Locator::Id(qr.enrolment),
            device_key,
            commit: enrolment::commit(&nonce),
        },
    )?;
    let transcript = enrolment::transcript(&Seen {
        ca_fingerprint: started.ca_fingerprint,
        device_key,
        device_nonce: nonce,
        server_nonce: started.server_nonce,
        enrolment: started.enrolment,
    });
    let proof = enrolment::proof(&qr.secret, &transcript);
    let _: EnrolmentProgress = ask(
        server,
        "/enrol/reveal",
        None,
        &RevealEnrolment {
            enrolment: started.enrolment,
            nonce,
            proof: Some(proof.clone()),
        },
    )?;
    let there = server.confirm_enrolment(started.enrolment)?;
    ensure!(
        there.compare_code == Some(enrolment::compare_code(&transcript)),
        "the two sides show different digits"
    );
    let enrolled: Enrolled = ask(
        server,
        "/enrol/finish",
        None,
        &FinishEnrolment {
            enrolment: started.enrolment,
            proof,
        },
    )?;
    Ok(Finished {
        enrolled,
        key,
        address: qr.address,
        start: None,
    })
}

/// Proves a device to the server, as the app does, and returns the session's token.
pub(super) fn open_session(server: &LocalServer, tablet: &Tablet) -> Result<String> {
    let device = tablet.identity.device;
    let NonceResponse { nonce } = ask(server, "/session/nonce", None, &NonceRequest { device })?;
    let signature = proof::sign(&tablet.key, device, &tablet.enrolled.server_key, &nonce);
    let session: SessionOpened = ask(
        server,
        "/session/open",
        None,
        &OpenSession {
            device,
            nonce,
            signature,
            certificate: None,
            hand_over: false,
            delegated: None,
        },
    )?;
    Ok(session.token)
}

fn create_villages(server: &LocalServer, station: &Tablet) -> Result<Vec<UnitId>> {
    let token = open_session(server, station)?;
    let mut made = Vec::new();
    for (name, region) in VILLAGES {
        let list: VillageList = ask(
            server,
            "/villages",
            Some(&token),
            &CreateVillage {
                name: name.to_owned(),
                region: region.to_owned(),
            },
        )?;
        let village = list.villages.iter().find(|village| village.name == name);
        made.push(village.context("the village is listed")?.unit);
    }
    Ok(made)
}
