//! A township that runs: the real server in this process, and the relay every device reaches it through.

use crate::relay::Relay;
use anyhow::{Context, Result};
use ids::{Clock, Role};
use protocol::{CreateEnrolment, EnrolmentStatus};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use sync_server::admin::{AdminDesk, AdminError};
use sync_server::child_rules;
use sync_server::system::{SystemClock, SystemEntropy};
use sync_server::vault::Vault;
use sync_server::{InitOptions, Patience, Place, RunningServer, Server, ServerConfig, init};
use sync_server::{copies, restore, verify};

/// How a township is set up.
pub struct Plan {
    /// Folder for everything the server keeps.
    pub folder: PathBuf,
    /// Folder with the policy packs.
    pub policy: PathBuf,
    /// Name of the first supervisor.
    pub supervisor: String,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// Loopback port devices connect to; 0 takes a free one.
    pub port: u16,
    /// Folder of the server's second copy, when it keeps one.
    pub second_copy: Option<PathBuf>,
    /// How long the server waits for whoever speaks to it.
    pub patience: Patience,
}

impl Plan {
    /// The usual: system time, a free port.
    pub fn new(folder: &Path, policy: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            policy: policy.to_owned(),
            supervisor: "陈敏".to_owned(),
            clock: Arc::new(SystemClock),
            port: 0,
            second_copy: None,
            patience: Patience::default(),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("server")
    }

    fn key_file(&self) -> PathBuf {
        self.folder.join("server.key")
    }

    /// Was it founded before?
    pub fn is_founded(&self) -> bool {
        self.key_file().exists()
    }

    /// Makes the server: 沧浦区 and 芦汀镇 (domain.md §13), in demo mode.
    ///
    /// # Errors
    /// It exists already, or the folder cannot be written.
    pub fn found(&self) -> Result<EnrolmentStatus> {
        std::fs::create_dir_all(&self.folder).context("the folder cannot be made")?;
        let place = |name: &str, region: &str| Place {
            name: name.to_owned(),
            region: region.to_owned(),
        };
        let report = init(
            &InitOptions {
                data: self.data(),
                key_file: self.key_file(),
                recovery_shares: self.folder.join("recovery"),
                district: place("沧浦区", "310199000000"),
                township: place("芦汀镇", "310199100000"),
                policy: Some(self.policy.clone()),
                demo: true,
                supervisor: self.supervisor.clone(),
                address: "127.0.0.1:0".to_owned(),
            },
            self.clock.as_ref(),
            &SystemEntropy,
        )?;
        let (rules, responsible) = child_rules::made_up();
        AdminDesk::open(
            &self.data(),
            &self.key_file(),
            self.clock.as_ref(),
            &SystemEntropy,
        )?
        .take_child_rules(&rules, &responsible)?;
        Ok(report.enrolment)
    }
}

/// The running township.
pub struct Township {
    /// The server.
    pub server: RunningServer,
    /// The network between it and every device.
    pub relay: Relay,
    /// The server's data folder.
    pub data: PathBuf,
    key_file: PathBuf,
    clock: Arc<dyn Clock>,
}

/// How a server comes to stand on an older copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBack {
    /// With `sync-server restore`.
    Restored,
    /// Somebody put an older file in place and told nobody.
    Unnoticed,
}

impl Township {
    /// Starts what [`Plan::found`] made.
    ///
    /// # Errors
    /// The port is taken, or the server does not start.
    pub async fn start(plan: &Plan) -> Result<Self> {
        // The relay comes first, because its address is what devices are told.
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let relay = Relay::start_at(plan.port, nowhere)
            .await
            .with_context(|| format!("port {} is taken", plan.port))?;
        let mut config = ServerConfig::new(plan.data(), plan.key_file());
        config.advertise = Some(relay.address.to_string());
        config.second_copy = plan.second_copy.clone();
        config.clock = plan.clock.clone();
        config.patience = plan.patience;
        let server = Server::start(config).await?;
        relay.set_target(server.address);
        Ok(Self {
            server,
            relay,
            data: plan.data(),
            key_file: plan.key_file(),
            clock: plan.clock.clone(),
        })
    }

    /// Copies the server's database while it runs. Returns the copy.
    ///
    /// # Errors
    /// The copy cannot be made.
    pub fn back_up(&self, folder: &Path) -> Result<PathBuf> {
        copies::back_up(&self.data, folder, self.clock.as_ref())?;
        Ok(folder.join(copies::COPY_FILE))
    }

    /// The server stands on a copy from now on, in a new data folder; what it had since is gone.
    ///
    /// # Errors
    /// The copy cannot be put in place, or the server does not start.
    pub async fn set_back(&mut self, copy: &Path, data: &Path, how: SetBack) -> Result<()> {
        match how {
            SetBack::Restored => {
                restore::restore(copy, data, self.clock.as_ref(), &SystemEntropy)?;
            }
            SetBack::Unnoticed => {
                std::fs::create_dir_all(data)?;
                std::fs::copy(copy, sync_server::database::file_of(data))?;
            }
        }
        let mut config = ServerConfig::new(data.to_owned(), self.key_file.clone());
        config.advertise = Some(self.relay.address.to_string());
        config.clock = self.clock.clone();
        let server = Server::start(config).await?;
        self.relay.set_target(server.address);
        std::mem::replace(&mut self.server, server).shutdown().await;
        self.data = data.to_owned();
        Ok(())
    }

    /// Does something as whoever sits at the server.
    ///
    /// # Errors
    /// The desk cannot be opened, or says no.
    pub fn at_the_desk<T>(
        &self,
        work: impl FnOnce(&mut AdminDesk<'_>) -> Result<T, AdminError>,
    ) -> Result<T> {
        let entropy = SystemEntropy;
        let mut desk = AdminDesk::open(&self.data, &self.key_file, self.clock.as_ref(), &entropy)?;
        Ok(work(&mut desk)?)
    }

    /// A one-time code for an officer of the district.
    ///
    /// # Errors
    /// The server says no.
    pub async fn officer_code(&self, person: &str) -> Result<EnrolmentStatus> {
        let district = self.at_the_desk(|desk| desk.district())?;
        let input = CreateEnrolment {
            unit: district,
            role: Role::Officer,
            person: person.to_owned(),
        };
        Ok(self.server.create_enrolment(input).await?)
    }

    /// What of everything the server keeps does not hold.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn faults(&self) -> Result<Vec<String>> {
        let vault = Vault::open(&self.key_file, &self.data)?;
        let connection =
            sync_server::database::open_reader(&sync_server::database::file_of(&self.data))?;
        Ok(verify::verify(&connection, &vault)?.faults)
    }

    /// Stops the server cleanly.
    pub async fn stop(self) {
        self.server.shutdown().await;
    }
}
