//! What a station reports to the district (docs/adr/0039): numbers by village, and a line for each matter of life and
//! safety. Ids and codes by type: there is no room for a name, for a child's id or for anybody's words.
//!
//! A report is made and signed by a device of the station, kept at the server until the next one, and believed for two
//! signatures: the device's under the report, and the server's under the certificate that says it works at that station.

use crate::case::CaseRecord;
use crate::countersign::{ClosingId, KnownCountersignature};
use crate::message::{DeviceCertificate, SignedStatement};
use crate::session::proof::{self, Statement};
use crate::station::VillageRecord;
use crate::unit_key::KnownUnitKey;
use crate::{ProtocolError, limits};
use ed25519_dalek::{SigningKey, VerifyingKey};
use ids::{DeviceId, DocumentId, UnitId};
use serde::{Deserialize, Serialize};

/// How many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// So many.
    Exactly(u32),
    /// One at least, and fewer than [`StationReport::below`].
    Few,
}

/// What a station says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationReport {
    /// The station.
    pub station: UnitId,
    /// The device that made it.
    pub device: DeviceId,
    /// The civil day it was made, `2026-11-27`.
    pub day: String,
    /// Counts from one to fewer than this left the station as [`Count::Few`] where the policy says so.
    pub below: u32,
    /// Its villages, in administrative order.
    pub villages: Vec<VillageCounts>,
    /// What is urgent, the gravest first.
    pub lines: Vec<ReportLine>,
    /// Lines there was no room for.
    pub left_out: u32,
}

impl Statement for StationReport {
    const NAME: &'static str = "station report";
}

/// A village in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VillageCounts {
    /// The village.
    pub village: UnitId,
    /// Children whose file runs.
    pub children: Count,
    /// The same by category; a child may be in several.
    pub categories: Vec<CodeCount>,
    /// The same by how their dates stand.
    pub cadence: Vec<CodeCount>,
    /// Problems by severity and step.
    pub problems: Vec<ProblemCount>,
}

/// How many of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeCount {
    /// Code.
    pub code: String,
    /// How many.
    pub count: Count,
}

/// How many problems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemCount {
    /// S1 to S4.
    pub severity: String,
    /// Where they stand.
    pub state: String,
    /// How many.
    pub count: Count,
}

/// A problem that is a matter of life and safety, or had to be reported to the police.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportLine {
    /// Its id: what an officer and the station speak of it by.
    pub problem: DocumentId,
    /// The village.
    pub village: UnitId,
    /// What it is, a code.
    pub kind: String,
    /// How grave it is now.
    pub severity: String,
    /// The civil day it was reported.
    pub day: String,
    /// Where it stands.
    pub state: String,
    /// It had to be reported to the police.
    pub mandatory: bool,
    /// There is a receipt of that.
    pub receipt: bool,
    /// What is next; none when it is over.
    pub next: Option<ReportStep>,
    /// The closing the district may countersign: of a matter of life and safety that the head closed.
    #[serde(default)]
    pub closing: Option<ClosingId>,
}

/// What is next, by whom and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportStep {
    /// What, a code.
    pub step: String,
    /// By whom: a side, never a person.
    pub side: String,
    /// Until which civil day; none where no day is set.
    pub until: Option<String>,
}

/// `POST /reports/bring`: a station's report, answered with [`Reports`] as they stand then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BringReport {
    /// A [`StationReport`] under the device's key.
    pub report: SignedStatement,
}

/// `POST /reports/list` is answered with this: to a station its own, to an officer of the district every station's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reports {
    /// Stations, in administrative order.
    pub stations: Vec<ReportingStation>,
}

/// A station, its villages by name, and what it reported last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportingStation {
    /// The station.
    pub station: UnitId,
    /// Its name.
    pub name: String,
    /// Its villages.
    pub villages: Vec<VillageRecord>,
    /// Its report; none while it sent none.
    pub report: Option<KnownReport>,
    /// The newest of its keys: what an officer writes to the station is sealed to it.
    #[serde(default)]
    pub key: Option<KnownUnitKey>,
    /// What the district said of its closings, the newest first.
    #[serde(default)]
    pub countersignatures: Vec<KnownCountersignature>,
    /// Cases that were asked of it, the newest first: to the station all, to an officer those of her device.
    #[serde(default)]
    pub cases: Vec<CaseRecord>,
}

/// A [`StationReport`] as it is kept and passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownReport {
    /// The report under the device's key.
    pub statement: SignedStatement,
    /// The device's [`DeviceCertificate`] under the server's key, packed, without anybody's name.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
    /// When the server took it.
    pub taken_ms: i64,
}

/// Signs a report.
///
/// # Errors
/// It cannot be written, which none of ours causes.
pub fn sign(key: &SigningKey, report: &StationReport) -> Result<SignedStatement, ProtocolError> {
    proof::make_statement(key, report)
}

/// Believes a report under the key of the device that made it.
///
/// # Errors
/// Not signed by it, or no report that could stand: too long, or with something in it that is no code.
pub fn open(
    key: &VerifyingKey,
    statement: &SignedStatement,
) -> Result<StationReport, ProtocolError> {
    if statement.body.len() > limits::REPORT_BYTES {
        return Err(ProtocolError::TooLarge {
            limit: limits::REPORT_BYTES,
        });
    }
    let report: StationReport = proof::open_statement(key, statement)?;
    if is_whole(&report) {
        Ok(report)
    } else {
        Err(ProtocolError::Malformed("a report"))
    }
}

/// Believes a report of a station: the server certified its maker as somebody of that station, and the maker signed it.
///
/// # Errors
/// As [`open`], or by somebody who does not work there.
pub fn believe(
    server: &VerifyingKey,
    station: UnitId,
    known: &KnownReport,
) -> Result<StationReport, ProtocolError> {
    let maker: DeviceCertificate = proof::read_statement(server, &known.certificate)?;
    let key = VerifyingKey::from_bytes(&maker.key).map_err(|_| ProtocolError::BadSignature)?;
    let report = open(&key, &known.statement)?;
    let fits = maker.role.is_at_station()
        && maker.scope == station
        && report.station == station
        && report.device == maker.device;
    if fits {
        Ok(report)
    } else {
        Err(ProtocolError::BadSignature)
    }
}

/// Whether there is nothing in it but codes and days, and not too many.
fn is_whole(report: &StationReport) -> bool {
    let counts = |counts: &[CodeCount]| {
        counts.len() <= limits::REPORT_CODES && counts.iter().all(|count| is_code(&count.code))
    };
    let villages = report.villages.iter().all(|village| {
        counts(&village.categories)
            && counts(&village.cadence)
            && village.problems.len() <= limits::REPORT_CODES
            && village
                .problems
                .iter()
                .all(|count| is_code(&count.severity) && is_code(&count.state))
    });
    let lines = report.lines.iter().all(|line| {
        let codes = [&line.kind, &line.severity, &line.state];
        let next = line.next.as_ref().is_none_or(|next| {
            is_code(&next.step) && is_code(&next.side) && next.until.as_deref().is_none_or(is_day)
        });
        codes.into_iter().all(|code| is_code(code)) && is_day(&line.day) && next
    });
    report.villages.len() <= limits::REPORT_VILLAGES
        && report.lines.len() <= limits::REPORT_LINES
        && is_day(&report.day)
        && villages
        && lines
}

/// A code of a policy's list; what a person wrote is none.
pub fn is_code(text: &str) -> bool {
    (1..=limits::CODE_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Looks like a day, 2026-11-27; whether the calendar has it is asked where days are counted.
pub fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KnownAs;
    use ids::{Role, StaffId};
    use uuid::Uuid;

    const STATION: UnitId = UnitId(Uuid::from_u128(1));
    const DEVICE: DeviceId = DeviceId(Uuid::from_u128(2));

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    fn report() -> StationReport {
        StationReport {
            station: STATION,
            device: DEVICE,
            day: "2026-11-27".to_owned(),
            below: 5,
            villages: vec![VillageCounts {
                village: UnitId(Uuid::from_u128(3)),
                children: Count::Exactly(12),
                categories: vec![CodeCount {
                    code: "LB-1".to_owned(),
                    count: Count::Few,
                }],
                cadence: vec![CodeCount {
                    code: "overdue".to_owned(),
                    count: Count::Exactly(0),
                }],
                problems: vec![ProblemCount {
                    severity: "S1".to_owned(),
                    state: "in_progress".to_owned(),
                    count: Count::Exactly(1),
                }],
            }],
            lines: vec![ReportLine {
                problem: DocumentId(Uuid::from_u128(4)),
                village: UnitId(Uuid::from_u128(3)),
                kind: "ABUSE".to_owned(),
                severity: "S1".to_owned(),
                day: "2026-11-26".to_owned(),
                state: "in_progress".to_owned(),
                mandatory: true,
                receipt: false,
                next: Some(ReportStep {
                    step: "progress".to_owned(),
                    side: "station".to_owned(),
                    until: Some("2026-11-28".to_owned()),
                }),
                closing: None,
            }],
            left_out: 0,
        }
    }

    fn certificate(server: &SigningKey, maker: &SigningKey, role: Role, scope: UnitId) -> Vec<u8> {
        let certificate = DeviceCertificate {
            device: DEVICE,
            staff: StaffId(Uuid::from_u128(5)),
            role,
            unit: scope,
            scope,
            key: maker.verifying_key().to_bytes(),
            issued_ms: 0,
            expires_ms: 1,
            known_as: None::<KnownAs>,
        };
        proof::sign_statement(server, &certificate).expect("a certificate")
    }

    fn known(maker: &SigningKey, report: &StationReport, certificate: Vec<u8>) -> KnownReport {
        KnownReport {
            statement: sign(maker, report).expect("a report"),
            certificate,
            taken_ms: 7,
        }
    }

    #[test]
    fn a_report_is_believed_only_of_somebody_certified_to_work_at_that_station() {
        let (server, maker) = (key(1), key(2));
        let at_station = certificate(&server, &maker, Role::Supervisor, STATION);
        let public = server.verifying_key();
        let whole = known(&maker, &report(), at_station.clone());
        assert!(believe(&public, STATION, &whole).is_ok_and(|read| read == report()));
        let elsewhere = UnitId(Uuid::from_u128(9));
        assert!(believe(&public, elsewhere, &whole).is_err());
        for (what, certificate, maker, report) in [
            (
                "a director",
                certificate(&server, &maker, Role::Director, STATION),
                &maker,
                report(),
            ),
            (
                "another station's",
                certificate(&server, &maker, Role::Head, elsewhere),
                &maker,
                report(),
            ),
            (
                "a server's that is not ours",
                certificate(&key(3), &maker, Role::Head, STATION),
                &maker,
                report(),
            ),
            ("another key", at_station.clone(), &key(4), report()),
            (
                "another device's name",
                at_station.clone(),
                &maker,
                StationReport {
                    device: DeviceId(Uuid::from_u128(8)),
                    ..report()
                },
            ),
        ] {
            let known = known(maker, &report, certificate);
            assert!(believe(&public, STATION, &known).is_err(), "{what}");
        }
    }

    #[test]
    fn nobodys_words_fit_into_a_report() {
        let maker = key(2);
        let stands = |change: &dyn Fn(&mut StationReport)| {
            let mut report = report();
            change(&mut report);
            open(
                &maker.verifying_key(),
                &sign(&maker, &report).expect("signed"),
            )
            .is_ok()
        };
        assert!(stands(&|_| {}));
        assert!(!stands(&|it| it.day = "昨天".to_owned()));
        assert!(!stands(&|it| it.lines[0].kind = "继父打人".to_owned()));
        assert!(!stands(&|it| it.lines[0].state = "see the note".to_owned()));
        assert!(!stands(&|it| it.lines[0].day = String::new()));
        let step = |it: &mut StationReport, side: &str| {
            it.lines[0].next = Some(ReportStep {
                step: "act".to_owned(),
                side: side.to_owned(),
                until: None,
            });
        };
        assert!(stands(&|it| step(it, "head")));
        assert!(!stands(&|it| step(it, "王秀兰")));
        assert!(!stands(
            &|it| it.villages[0].categories[0].code = "石小雨".to_owned()
        ));
        assert!(!stands(
            &|it| it.villages[0].cadence[0].code = "x".repeat(33)
        ));
        assert!(!stands(
            &|it| it.villages[0].problems[0].state = String::new()
        ));
        assert!(!stands(&|it| {
            it.lines = vec![it.lines[0].clone(); limits::REPORT_LINES + 1];
        }));
        assert!(!stands(&|it| {
            it.villages = vec![it.villages[0].clone(); limits::REPORT_VILLAGES + 1];
        }));
    }
}
