//! How this device becomes known to a server: code, six digits compared by two people, proof (decisions.md 13).

use crate::error::ClientError;
use crate::server::{Pin, Server, refused_code};
use crate::view::EnrolInput;
use ed25519_dalek::{SigningKey, VerifyingKey};
use ids::{Entropy, Role};
use protocol::enrolment::{self, QrCode, Seen, Transcript, TypedCode};
use protocol::session::proof;
use protocol::{
    DocumentSnapshot, Enrolled, EnrolmentProgress, EnrolmentStarted, EnrolmentState,
    FinishEnrolment, Locator, MemberRecord, OfflineAnswer, OfflineRequest, PROTOCOL_VERSION,
    PollEnrolment, ProtocolError, RevealEnrolment, SignedStatement, StartEnrolment, sealed, wire,
};
use zeroize::Zeroizing;

/// An enrolment under way: both sides show six digits.
pub struct Enrolling {
    server: Server,
    key: SigningKey,
    secret: Zeroizing<Vec<u8>>,
    started: EnrolmentStarted,
    transcript: Transcript,
}

/// What an enrolment ended in: who this device is, and its key.
pub struct Finished {
    /// The server's answer, or what stands in its place.
    pub enrolled: Enrolled,
    /// The device's signing key; so far only in memory.
    pub key: SigningKey,
    /// host:port.
    pub address: String,
    /// What it begins with where no server could be asked (ADR 0031).
    pub start: Option<Start>,
}

/// What a tablet begins with that was enrolled without the server.
#[derive(Default)]
pub struct Start {
    /// Who and what the organisation is, with the server's signatures.
    pub members: Vec<(MemberRecord, SignedStatement)>,
    /// Rules and forms, as (id, JSON text).
    pub policies: Vec<(String, String)>,
    /// What the server decided for good.
    pub orders: Vec<SignedStatement>,
    /// Documents of the village, each change under its author's signature.
    pub documents: Vec<DocumentSnapshot>,
    /// How many documents the village has.
    pub documents_total: u32,
}

/// A request that goes to the station by hand. Kept in memory only: after a restart the tablet writes another one.
pub struct Asking {
    key: SigningKey,
    secret: Zeroizing<[u8; 32]>,
    request: OfflineRequest,
    digits: Option<String>,
}

impl Asking {
    /// Makes keys and a request that names them.
    pub fn begin(entropy: &dyn Entropy) -> Self {
        let mut seed = Zeroizing::new([0u8; 32]);
        let mut secret = Zeroizing::new([0u8; 32]);
        let mut nonce = [0u8; 32];
        entropy.fill(seed.as_mut_slice());
        entropy.fill(secret.as_mut_slice());
        entropy.fill(&mut nonce);
        let key = SigningKey::from_bytes(&seed);
        let request = OfflineRequest {
            protocol: PROTOCOL_VERSION,
            device_key: key.verifying_key().to_bytes(),
            seal_key: sealed::public_of(&secret),
            nonce,
        };
        Self {
            key,
            secret,
            request,
            digits: None,
        }
    }

    /// The file for the station.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn text(&self) -> Result<String, ClientError> {
        Ok(self.request.text()?)
    }

    /// Takes the eight digits the station shows since it has read the request.
    ///
    /// # Errors
    /// `offline_digits` when they are not eight digits.
    pub fn type_in(&mut self, text: &str) -> Result<(), ClientError> {
        let digits: String = text
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .collect();
        if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ClientError::new("offline_digits"));
        }
        self.digits = Some(digits);
        Ok(())
    }

    /// The six digits two people compare, once the station's were typed.
    pub fn compare_code(&self) -> Option<String> {
        let digits = self.digits.as_ref()?;
        Some(enrolment::compare_code(&self.request.transcript(digits)))
    }

    /// Reads the station's answer.
    ///
    /// # Errors
    /// `offline_answer_damaged`, `offline_answer_other` when it answers another request or was not made with these digits,
    /// `offline_digits` when they were not typed yet.
    pub fn read(&self, text: &str) -> Result<Finished, ClientError> {
        let digits = self
            .digits
            .as_ref()
            .ok_or_else(|| ClientError::new("offline_digits"))?;
        let answer =
            OfflineAnswer::open(text, &self.request, digits, &self.secret).map_err(|error| {
                match error {
                    ProtocolError::BadSignature => {
                        ClientError::new("offline_answer_other").because(error)
                    }
                    ProtocolError::TooNew { .. } => ClientError::new("too_new").because(error),
                    error => ClientError::new("offline_answer_damaged").because(error),
                }
            })?;
        let other = || ClientError::new("offline_answer_other");
        let server = VerifyingKey::from_bytes(&answer.server_key).map_err(|_| other())?;
        let shown = answer.delegated.read(&server).map_err(|_| other())?;
        if shown.certificate.key != self.request.device_key {
            return Err(other());
        }
        let members = answer
            .members
            .into_iter()
            .map(|statement| Ok((proof::open_statement(&server, &statement)?, statement)))
            .collect::<Result<_, ProtocolError>>()
            .map_err(|_| other())?;
        let (delegation, place) = (shown.delegation, shown.place);
        // The station's clock, within the day the server signed; what this tablet's says is anybody's to set.
        let signed_ms = shown.certificate.at_ms;
        let documents = answer.documents;
        // The station's word goes no further than the village it was asked for.
        if documents.iter().any(|one| one.home_unit != place.unit) {
            return Err(other());
        }
        if !documents.iter().all(fits) {
            return Err(ClientError::new("offline_answer_damaged"));
        }
        Ok(Finished {
            address: delegation.address,
            key: self.key.clone(),
            enrolled: Enrolled {
                device: place.device,
                staff: place.staff,
                staff_name: place.staff_name.0,
                role: Role::Director,
                unit: place.unit,
                unit_name: place.unit_name,
                scope: delegation.scope,
                scope_name: delegation.scope_name,
                region: place.region,
                file_numbers: place.file_numbers,
                certificate: Vec::new(),
                recovery_key: delegation.recovery_key,
                server_key: answer.server_key,
                ca_certificate: delegation.ca_certificate,
                next_ca: delegation.next_ca,
                demo: delegation.demo,
                epoch: delegation.epoch,
                server_time_ms: signed_ms,
                delegated: Some(wire::pack(&answer.delegated)?),
            },
            start: Some(Start {
                members,
                policies: answer.policies,
                orders: answer.orders,
                documents,
                documents_total: answer.documents_total,
            }),
        })
    }
}

/// Whether a document's pieces make up the whole of it.
fn fits(document: &DocumentSnapshot) -> bool {
    let told: u64 = document
        .envelopes
        .iter()
        .map(|envelope| u64::from(envelope.length))
        .sum();
    told == document.changes.len() as u64
}

impl Enrolling {
    /// Shows our key, commits to a nonce, reveals it; afterwards [`Self::compare_code`] can be shown.
    ///
    /// # Errors
    /// `enrol_address`, `enrol_code_*`, `enrol_wrong_server`, `no_network`, `server_nonsense`.
    pub async fn start(input: &EnrolInput, entropy: &dyn Entropy) -> Result<Self, ClientError> {
        let mut seed = Zeroizing::new([0u8; 32]);
        let mut nonce = [0u8; 32];
        entropy.fill(seed.as_mut_slice());
        entropy.fill(&mut nonce);
        let key = SigningKey::from_bytes(&seed);

        let code_wrong = |error| ClientError::new("enrol_code_wrong").because(error);
        let is_qr = input.address.trim().starts_with("zoufang:");
        let (server, locator, secret) = if is_qr {
            let qr = QrCode::parse(&input.address).map_err(code_wrong)?;
            let server = Server::new(&qr.address, Pin::Fingerprints(vec![qr.ca_fingerprint]))?;
            (server, Locator::Id(qr.enrolment), qr.secret.to_vec())
        } else {
            let code = TypedCode::parse(&input.code).map_err(code_wrong)?;
            let server = Server::new(&input.address, Pin::FirstSight)?;
            let secret = code.secret_bytes().to_vec();
            (server, Locator::Digits(code.locator), secret)
        };
        let secret = Zeroizing::new(secret);

        let started: EnrolmentStarted = server
            .ask(
                "/enrol/start",
                &StartEnrolment {
                    protocol: PROTOCOL_VERSION,
                    locator,
                    device_key: key.verifying_key().to_bytes(),
                    commit: enrolment::commit(&nonce),
                },
            )
            .await
            .map_err(plainly)?;
        let certificate = server
            .ca_certificate()
            .ok_or_else(|| ClientError::new("enrol_wrong_server"))?;
        let ca_fingerprint = enrolment::fingerprint(&certificate);
        if ca_fingerprint != started.ca_fingerprint {
            return Err(ClientError::new("enrol_wrong_server"));
        }
        let transcript = enrolment::transcript(&Seen {
            ca_fingerprint,
            device_key: key.verifying_key().to_bytes(),
            device_nonce: nonce,
            server_nonce: started.server_nonce,
            enrolment: started.enrolment,
        });
        let proof = is_qr.then(|| enrolment::proof(&secret, &transcript));
        let _: EnrolmentProgress = server
            .ask(
                "/enrol/reveal",
                &RevealEnrolment {
                    enrolment: started.enrolment,
                    nonce,
                    proof,
                },
            )
            .await
            .map_err(plainly)?;
        Ok(Self {
            server,
            key,
            secret,
            started,
            transcript,
        })
    }

    /// The six digits both people compare.
    pub fn compare_code(&self) -> String {
        enrolment::compare_code(&self.transcript)
    }

    /// Asks whether the station confirmed; finishes when it did.
    ///
    /// # Errors
    /// As [`Self::start`]; the enrolment is over on any `enrol_code_*`.
    pub async fn poll(&self) -> Result<Option<Finished>, ClientError> {
        let progress: EnrolmentProgress = self
            .server
            .ask(
                "/enrol/poll",
                &PollEnrolment {
                    enrolment: self.started.enrolment,
                },
            )
            .await
            .map_err(plainly)?;
        match progress.state {
            EnrolmentState::Confirmed => {}
            EnrolmentState::Waiting | EnrolmentState::Comparing => return Ok(None),
            EnrolmentState::Done => return Err(ClientError::new("enrol_code_used")),
            EnrolmentState::Expired => return Err(ClientError::new("enrol_code_expired")),
            EnrolmentState::Burnt => return Err(ClientError::new("enrol_code_burnt")),
        }
        let enrolled: Enrolled = self
            .server
            .ask(
                "/enrol/finish",
                &FinishEnrolment {
                    enrolment: self.started.enrolment,
                    proof: enrolment::proof(&self.secret, &self.transcript),
                },
            )
            .await
            .map_err(plainly)?;
        let seen = self.server.ca_certificate().unwrap_or_default();
        if enrolled.ca_certificate != seen {
            return Err(ClientError::new("enrol_wrong_server"));
        }
        Ok(Some(Finished {
            enrolled,
            key: self.key.clone(),
            address: self.server.address().to_owned(),
            start: None,
        }))
    }
}

/// The server's codes for enrolment as the codes this app has words for.
fn plainly(error: ClientError) -> ClientError {
    let known = [
        "enrol_code_wrong",
        "enrol_code_expired",
        "enrol_code_used",
        "enrol_code_burnt",
        "enrol_guesses",
        "enrol_not_confirmed",
    ];
    match refused_code(&error) {
        Some(code) => match known.into_iter().find(|known| *known == code) {
            Some(known) => ClientError::new(known).because(error),
            None => error,
        },
        None => error,
    }
}
