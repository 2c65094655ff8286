//! A real server on a free port, and devices that speak to it over real sockets.

use automerge::transaction::Transactable;
use automerge::{ActorId as AutomergeActor, AutoCommit, ROOT};
use ed25519_dalek::SigningKey;
use ids::{
    ChangeHash, Clock, DocKind, DocumentId, Entropy, Incarnation, Role, UnitId, actor_id, new_uuid,
};
use protocol::enrolment::{self, QrCode, Seen, TypedCode};
use protocol::session::proof;
use protocol::{
    ConfirmEnrolment, CreateEnrolment, CreateVillage, Cursor, DocumentHeader, Enrolled,
    EnrolmentProgress, EnrolmentStarted, EnrolmentStatus, Envelope, EnvelopeHead, ErrorMessage,
    FinishEnrolment, GrantPerson, LastApplied, Locator, NonceRequest, NonceResponse, OpenSession,
    PROTOCOL_VERSION, PeopleList, RevealEnrolment, SessionOpened, SnapshotPage, SnapshotRequest,
    StartEnrolment, SyncRequest, SyncResponse, Vetting, VillageList, change_header, envelope,
    genesis, wire,
};
use serde::{Serialize, de::DeserializeOwned};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use sync_server::system::SystemEntropy;
use sync_server::{InitOptions, InitReport, Place, RunningServer, Server, ServerConfig, init};
use tempfile::TempDir;
use uuid::Uuid;

/// A clock the test moves.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub struct World {
    pub folder: TempDir,
    pub clock: Arc<TestClock>,
    pub report: InitReport,
    pub server: Option<RunningServer>,
    pub second_copy: Option<PathBuf>,
    /// Where changes are judged from the next start on.
    pub worker: sync_server::Worker,
    /// How long the server waits from the next start on.
    pub patience: sync_server::Patience,
    /// How much one address may take from the next start on.
    pub per_address: sync_server::PerAddress,
}

pub type Refused = (u16, ErrorMessage);

impl World {
    pub async fn new() -> Self {
        Self::with_second_copy(false).await
    }

    pub async fn with_second_copy(second_copy: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(1_790_000_000_000)));
        let policy = folder.path().join("policy");
        std::fs::create_dir(&policy).unwrap();
        std::fs::write(policy.join("national.json"), r#"{"id":"national"}"#).unwrap();
        let options = InitOptions {
            data: folder.path().join("data"),
            key_file: folder.path().join("server.key"),
            recovery_shares: folder.path().join("recovery"),
            district: Place {
                name: "沧浦区".into(),
                region: "310199000000".into(),
            },
            township: Place {
                name: "芦汀镇".into(),
                region: "310199100000".into(),
            },
            policy: Some(policy),
            demo: true,
            supervisor: "周敏".into(),
            address: "127.0.0.1:1".into(),
        };
        let report = init(&options, clock.as_ref(), &SystemEntropy).unwrap();
        let second_copy = second_copy.then(|| folder.path().join("copy"));
        let mut world = Self {
            folder,
            clock,
            report,
            server: None,
            second_copy,
            worker: sync_server::Worker::Process(env!("CARGO_BIN_EXE_sync-server").into()),
            patience: sync_server::Patience::default(),
            per_address: sync_server::PerAddress::default(),
        };
        world.start().await;
        world
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }

    pub async fn start(&mut self) {
        let mut config = ServerConfig::new(self.data(), self.key_file());
        config.clock = self.clock.clone();
        config.second_copy = self.second_copy.clone();
        config.worker = self.worker.clone();
        config.patience = self.patience;
        config.per_address = self.per_address;
        self.server = Some(Server::start(config).await.unwrap());
    }

    pub async fn stop(&mut self) {
        self.server.take().unwrap().shutdown().await;
    }

    pub fn server(&self) -> &RunningServer {
        self.server.as_ref().unwrap()
    }

    pub fn http(&self) -> Http {
        Http::new(self.server())
    }

    /// The first supervisor's station, enrolled by QR.
    pub async fn station(&self) -> Device {
        let id = self.report.enrolment.enrolment;
        let status = self.server().enrolment(id).await.unwrap();
        let half = Half::begin_qr(self.http(), &status.qr).await.unwrap();
        let shown = self.server().enrolment(id).await.unwrap();
        assert_eq!(
            shown.compare_code.as_deref(),
            Some(half.compare_code().as_str())
        );
        self.server().confirm_enrolment(id).await.unwrap();
        half.finish().await.unwrap()
    }

    /// A director's tablet, enrolled with typed digits.
    pub async fn tablet(&self, station: &mut Device, village: UnitId, person: &str) -> Device {
        self.colleague(station, Role::Director, village, person)
            .await
            .unwrap()
    }

    /// An officer of the district, her code made and confirmed at the server.
    pub async fn officer(&self, person: &str) -> Result<Device, Refused> {
        let input = CreateEnrolment {
            unit: self.report.district,
            role: Role::Officer,
            person: person.into(),
        };
        let status = self.server().create_enrolment(input).await.unwrap();
        let half = Half::begin_qr(self.http(), &status.qr).await?;
        let shown = self.server().enrolment(status.enrolment).await.unwrap();
        assert_eq!(shown.compare_code, Some(half.compare_code()));
        self.server()
            .confirm_enrolment(status.enrolment)
            .await
            .unwrap();
        half.finish().await
    }

    /// A device of whatever role, its code made and confirmed at a station.
    pub async fn colleague(
        &self,
        station: &mut Device,
        role: Role,
        unit: UnitId,
        person: &str,
    ) -> Result<Device, Refused> {
        let status = station.new_code_for(role, unit, person).await?;
        let half = Half::begin_typed(self.http(), &status.code).await.unwrap();
        station.confirm(&status, &half.compare_code()).await?;
        half.finish().await
    }
}

/// Speaks to the server, pinned to its CA.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    base: String,
    ca_fingerprint: [u8; 32],
}

impl Http {
    pub fn new(server: &RunningServer) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(rustls::pki_types::CertificateDer::from(
                server.ca_certificate().to_vec(),
            ))
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .resolve(enrolment::SERVER_NAME, server.address)
            .build()
            .unwrap();
        Self {
            client,
            base: format!(
                "https://{}:{}",
                enrolment::SERVER_NAME,
                server.address.port()
            ),
            ca_fingerprint: server.ca_fingerprint,
        }
    }

    pub async fn raw(&self, path: &str, token: Option<&str>, body: Vec<u8>) -> (u16, Vec<u8>) {
        let mut request = self.client.post(format!("{}{path}", self.base)).body(body);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.bytes().await.unwrap().to_vec())
    }

    pub async fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let response = self
            .client
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        (status, response.bytes().await.unwrap().to_vec())
    }

    pub async fn post<I: Serialize, O: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&str>,
        input: &I,
    ) -> Result<O, Refused> {
        let (status, body) = self
            .raw(path, token, wire::encode_request(input).unwrap())
            .await;
        if status == 200 {
            Ok(wire::decode_response(&body).unwrap())
        } else {
            Err((status, serde_json::from_slice(&body).unwrap()))
        }
    }
}

pub fn signing_key() -> SigningKey {
    let mut secret = [0; 32];
    SystemEntropy.fill(&mut secret);
    SigningKey::from_bytes(&secret)
}

/// A device in the middle of its enrolment.
pub struct Half {
    pub http: Http,
    pub key: SigningKey,
    pub seen: Seen,
    pub secret: Vec<u8>,
}

impl Half {
    pub async fn begin_qr(http: Http, qr: &str) -> Result<Self, Refused> {
        let qr = QrCode::parse(qr).unwrap();
        assert_eq!(qr.ca_fingerprint, http.ca_fingerprint);
        Self::begin(
            http,
            signing_key(),
            Locator::Id(qr.enrolment),
            qr.secret.to_vec(),
            true,
        )
        .await
    }

    pub async fn begin_typed(http: Http, code: &str) -> Result<Self, Refused> {
        let code = TypedCode::parse(code).unwrap();
        let secret = code.secret_bytes().to_vec();
        Self::begin(
            http,
            signing_key(),
            Locator::Digits(code.locator),
            secret,
            false,
        )
        .await
    }

    pub async fn begin(
        http: Http,
        key: SigningKey,
        locator: Locator,
        secret: Vec<u8>,
        prove: bool,
    ) -> Result<Self, Refused> {
        let mut device_nonce = [0; 32];
        SystemEntropy.fill(&mut device_nonce);
        let device_key = key.verifying_key().to_bytes();
        let started: EnrolmentStarted = http
            .post(
                "/enrol/start",
                None,
                &StartEnrolment {
                    protocol: PROTOCOL_VERSION,
                    locator,
                    device_key,
                    commit: enrolment::commit(&device_nonce),
                },
            )
            .await?;
        let half = Self {
            seen: Seen {
                ca_fingerprint: http.ca_fingerprint,
                device_key,
                device_nonce,
                server_nonce: started.server_nonce,
                enrolment: started.enrolment,
            },
            http,
            key,
            secret,
        };
        let proof = prove.then(|| half.proof());
        let _: EnrolmentProgress = half
            .http
            .post(
                "/enrol/reveal",
                None,
                &RevealEnrolment {
                    enrolment: started.enrolment,
                    nonce: device_nonce,
                    proof,
                },
            )
            .await?;
        Ok(half)
    }

    pub fn proof(&self) -> Vec<u8> {
        enrolment::proof(&self.secret, &enrolment::transcript(&self.seen))
    }

    pub fn compare_code(&self) -> String {
        enrolment::compare_code(&enrolment::transcript(&self.seen))
    }

    pub async fn try_finish(&self, proof: Vec<u8>) -> Result<Enrolled, Refused> {
        self.http
            .post(
                "/enrol/finish",
                None,
                &FinishEnrolment {
                    enrolment: self.seen.enrolment,
                    proof,
                },
            )
            .await
    }

    pub async fn finish(self) -> Result<Device, Refused> {
        let enrolled = self.try_finish(self.proof()).await?;
        let clock = TestClock(AtomicI64::new(enrolled.server_time_ms));
        Ok(Device {
            http: self.http,
            key: self.key,
            incarnation: Incarnation(new_uuid(&clock, &SystemEntropy)),
            enrolled,
            dev_seq: 0,
            previous: [0; 32],
            token: None,
            certificate: None,
            delegated: None,
            hand_over: false,
        })
    }
}

/// An enrolled device.
pub struct Device {
    pub http: Http,
    pub key: SigningKey,
    pub enrolled: Enrolled,
    pub incarnation: Incarnation,
    pub dev_seq: u64,
    pub previous: [u8; 32],
    pub token: Option<String>,
    /// Shown when a session is opened.
    pub certificate: Option<Vec<u8>>,
    /// Shown by a tablet that a station enrolled without the server.
    pub delegated: Option<Vec<u8>>,
    /// It was stopped, and says so when it opens a session.
    pub hand_over: bool,
}

/// A director's appointment from the beginning of time, with everything the law asks for.
pub fn appointment(id: Uuid, unit: UnitId, person: &str) -> GrantPerson {
    GrantPerson {
        id,
        unit,
        role: Role::Director,
        person: person.into(),
        from_ms: 0,
        until_ms: None,
        approved_by: "沈岚".into(),
        basis: "芦民批〔2026〕7号".into(),
        vetting: Some(Vetting {
            on: "2026-10-08".into(),
            reference: "查询2026-118".into(),
        }),
        replaces: None,
        same_as: None,
        is_another: false,
    }
}

impl Device {
    pub async fn open_session(&mut self) -> Result<(), Refused> {
        let device = self.enrolled.device;
        let NonceResponse { nonce } = self
            .http
            .post("/session/nonce", None, &NonceRequest { device })
            .await?;
        let signature = proof::sign(&self.key, device, &self.enrolled.server_key, &nonce);
        let opened: SessionOpened = self
            .http
            .post(
                "/session/open",
                None,
                &OpenSession {
                    device,
                    nonce,
                    signature,
                    certificate: self.certificate.clone(),
                    hand_over: self.hand_over,
                    delegated: self.delegated.clone(),
                },
            )
            .await?;
        self.token = Some(opened.token);
        Ok(())
    }

    pub async fn post<I: Serialize, O: DeserializeOwned>(
        &mut self,
        path: &str,
        input: &I,
    ) -> Result<O, Refused> {
        if self.token.is_none() {
            self.open_session().await?;
        }
        self.http.post(path, self.token.as_deref(), input).await
    }

    pub async fn new_code(
        &mut self,
        unit: UnitId,
        person: &str,
    ) -> Result<EnrolmentStatus, Refused> {
        self.new_code_for(Role::Director, unit, person).await
    }

    pub async fn new_code_for(
        &mut self,
        role: Role,
        unit: UnitId,
        person: &str,
    ) -> Result<EnrolmentStatus, Refused> {
        // No station appoints an officer.
        if role != Role::Officer {
            self.appoint_as(role, unit, person).await?;
        }
        let input = CreateEnrolment {
            unit,
            role,
            person: person.into(),
        };
        self.post("/enrolments", &input).await
    }

    /// Appoints a director who was vetted; the same one again changes nothing.
    pub async fn appoint(&mut self, unit: UnitId, person: &str) -> Result<PeopleList, Refused> {
        self.appoint_as(Role::Director, unit, person).await
    }

    /// Appoints a person to whatever role; another one where somebody of that name is known, and nobody where that post is hers.
    pub async fn appoint_as(
        &mut self,
        role: Role,
        unit: UnitId,
        person: &str,
    ) -> Result<PeopleList, Refused> {
        let id = Uuid::new_v5(&unit.0, format!("{} {person}", role.as_str()).as_bytes());
        let asked = GrantPerson {
            role,
            is_another: true,
            ..appointment(id, unit, person)
        };
        match self.post("/people/grant", &asked).await {
            Err((_, error)) if error.code == "namesake_here" => {
                self.post("/people/list", &()).await
            }
            answer => answer,
        }
    }

    pub async fn confirm(
        &mut self,
        status: &EnrolmentStatus,
        code: &str,
    ) -> Result<EnrolmentStatus, Refused> {
        let input = ConfirmEnrolment {
            enrolment: status.enrolment,
            compare_code: code.into(),
        };
        self.post("/enrolments/confirm", &input).await
    }

    pub async fn village(&mut self, name: &str, region: &str) -> UnitId {
        let input = CreateVillage {
            name: name.into(),
            region: region.into(),
        };
        let list: VillageList = self.post("/villages", &input).await.unwrap();
        list.villages
            .iter()
            .find(|village| village.name == name)
            .unwrap()
            .unit
    }

    pub async fn sync(
        &mut self,
        cursor: Option<Cursor>,
        outbox: Vec<Envelope>,
    ) -> Result<SyncResponse, Refused> {
        let request = self.request(cursor, None, outbox);
        self.post("/sync", &request).await
    }

    pub fn request(
        &self,
        cursor: Option<Cursor>,
        last_applied: Option<LastApplied>,
        outbox: Vec<Envelope>,
    ) -> SyncRequest {
        SyncRequest {
            protocol: PROTOCOL_VERSION,
            app: "test".into(),
            schemas: vec![],
            request: Uuid::nil(),
            cursor,
            last_applied,
            outbox,
            want_bytes: 0,
            push_only: false,
            unsent: None,
            certified_until_ms: None,
            next_ca: None,
            tick: None,
            chain: None,
        }
    }

    pub fn start(&self) -> Cursor {
        Cursor {
            scope: self.enrolled.scope,
            epoch: self.enrolled.epoch,
            seq: 0,
        }
    }

    pub async fn snapshot(&mut self, want_bytes: u32) -> Vec<SnapshotPage> {
        let mut pages: Vec<SnapshotPage> = Vec::new();
        loop {
            let request = SnapshotRequest {
                protocol: PROTOCOL_VERSION,
                page: pages.last().and_then(|page| page.next.clone()),
                want_bytes,
            };
            let page: SnapshotPage = self.post("/snapshot", &request).await.unwrap();
            let last = page.next.is_none();
            pages.push(page);
            if last {
                return pages;
            }
        }
    }

    /// A new document of this device.
    pub fn document(&self, kind: DocKind, home_unit: UnitId) -> Doc {
        let clock = TestClock(AtomicI64::new(self.enrolled.server_time_ms));
        let id = DocumentId::new(&clock, &SystemEntropy);
        Doc::new(
            self,
            DocumentHeader {
                document: id,
                generation: 1,
                kind,
                schema: 1,
                home_unit,
                creator: self.enrolled.device,
            },
        )
    }

    /// The head for a change as an honest device makes it; the chain is not moved.
    pub fn head(&self, header: &DocumentHeader, change: &[u8], first: bool) -> EnvelopeHead {
        let read = change_header::read(change).unwrap();
        EnvelopeHead {
            version: envelope::ENVELOPE_VERSION,
            document: header.document,
            generation: header.generation,
            hash: read.hash,
            actor: read.actor.clone().try_into().unwrap_or([0; 16]),
            seq: read.seq,
            start_op: read.start_op,
            ops: u32::try_from(read.ops).unwrap(),
            device: self.enrolled.device,
            incarnation: self.incarnation,
            scope: self.enrolled.scope,
            dev_seq: self.dev_seq + 1,
            previous: self.previous,
            staff: self.enrolled.staff,
            app: "test".into(),
            schema: 1,
            tick: None,
            wall_ms: 0,
            mono_ms: 0,
            replaces: None,
            header: first.then(|| header.clone()),
        }
    }

    /// Seals and moves the chain.
    pub fn seal(&mut self, head: &EnvelopeHead, change: Vec<u8>) -> Envelope {
        let sealed = envelope::seal(&self.key, head, change).unwrap();
        self.dev_seq = head.dev_seq;
        self.previous = envelope::head_hash(&sealed.head);
        sealed
    }

    /// One field written, sealed.
    pub fn edit(&mut self, doc: &mut Doc, field: &str, value: &str) -> Envelope {
        let first = doc.changes == 0;
        let change = doc.put(field, value);
        let head = self.head(&doc.header.clone(), &change, first);
        self.seal(&head, change)
    }
}

/// A document in a device's hands.
pub struct Doc {
    pub header: DocumentHeader,
    pub automerge: AutoCommit,
    pub changes: u32,
}

impl Doc {
    pub fn new(device: &Device, header: DocumentHeader) -> Self {
        let mut automerge = AutoCommit::new();
        for constant in genesis::constants(header.kind, header.schema).unwrap() {
            automerge.load_incremental(constant.bytes).unwrap();
        }
        let actor = actor_id(
            device.enrolled.device,
            device.incarnation,
            header.document,
            header.generation,
        );
        automerge.set_actor(AutomergeActor::from(actor.as_slice()));
        Self {
            header,
            automerge,
            changes: 0,
        }
    }

    /// Writes one field and returns the change's bytes, uncompressed.
    pub fn put(&mut self, field: &str, value: &str) -> Vec<u8> {
        self.automerge.put(ROOT, field, value).unwrap();
        self.commit()
    }

    pub fn commit(&mut self) -> Vec<u8> {
        self.automerge.commit();
        self.changes += 1;
        self.automerge
            .get_last_local_change()
            .unwrap()
            .raw_bytes()
            .to_vec()
    }

    pub fn take(&mut self, change: &[u8]) {
        self.automerge.load_incremental(change).unwrap();
    }
}

pub fn hash_of(change: &[u8]) -> ChangeHash {
    change_header::read(change).unwrap().hash
}
