//! How this device becomes known to a server: code, six digits compared by two people, proof (decisions.md 13).

use crate::error::ClientError;
use crate::server::{Pin, Server, refused_code};
use crate::view::EnrolInput;
use ed25519_dalek::SigningKey;
use ids::Entropy;
use protocol::enrolment::{self, QrCode, Seen, Transcript, TypedCode};
use protocol::{
    Enrolled, EnrolmentProgress, EnrolmentStarted, EnrolmentState, FinishEnrolment, Locator,
    PROTOCOL_VERSION, PollEnrolment, RevealEnrolment, StartEnrolment,
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
    /// The server's answer.
    pub enrolled: Enrolled,
    /// The device's signing key; so far only in memory.
    pub key: SigningKey,
    /// host:port.
    pub address: String,
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
