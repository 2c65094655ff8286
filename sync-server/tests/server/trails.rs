//! The devices' audit chains at the server: kept as they came, and what does not hold is found and shown.

use crate::support::{Device, World};
use ids::audit::{AuditEntry, link};
use ids::{Incarnation, Role, StaffId};
use protocol::audit::sign_head;
use protocol::{
    AuditCounts, AuditFaultKind, AuditPage, AuditTaken, BringAudit, DeviceList, ReadAudit,
    ReadAuditCounts, RevokeDevice, limits,
};
use rusqlite::Connection;
use sync_server::vault::Vault;
use sync_server::verify::VerifyReport;
use sync_server::{database, verify};
use uuid::Uuid;

const MEMORY: Incarnation = Incarnation(Uuid::from_u128(7));

/// A chain as a device keeps it.
#[derive(Clone)]
pub struct Chain {
    incarnation: Incarnation,
    rows: Vec<(AuditEntry, [u8; 32])>,
}

impl Chain {
    pub fn of(device: &Device, actions: &[&str]) -> Self {
        let mut chain = Self {
            incarnation: MEMORY,
            rows: Vec::new(),
        };
        for action in actions {
            chain.push(device, action);
        }
        chain
    }

    fn push(&mut self, device: &Device, action: &str) {
        self.push_about(device, action, Uuid::from_u128(9).to_string());
    }

    pub fn push_about(&mut self, device: &Device, action: &str, object: String) {
        let entry = AuditEntry {
            number: self.rows.len() as u64 + 1,
            at_ms: 1_790_000_000_000 + self.rows.len() as i64,
            staff: Some(device.enrolled.staff),
            action: action.into(),
            object,
            detail: String::new(),
        };
        let hash = link(
            device.enrolled.device,
            self.incarnation,
            &self.head_at(self.rows.len()),
            &entry,
        );
        self.rows.push((entry, hash));
    }

    fn head_at(&self, number: usize) -> [u8; 32] {
        match number {
            0 => [0; 32],
            number => self.rows[number - 1].1,
        }
    }

    pub fn part(&self, device: &Device, after: usize) -> BringAudit {
        let end = self.rows.len();
        BringAudit {
            incarnation: self.incarnation,
            after: after as u64,
            previous: self.head_at(after),
            rows: self.rows[after..]
                .iter()
                .map(|(row, _)| row.clone())
                .collect(),
            signature: sign_head(
                &device.key,
                device.enrolled.device,
                self.incarnation,
                end as u64,
                &self.head_at(end),
            ),
        }
    }
}

pub async fn bring(device: &mut Device, chain: &Chain, after: usize) -> AuditTaken {
    let part = chain.part(device, after);
    device.post("/audit/bring", &part).await.unwrap()
}

async fn read(device: &mut Device) -> AuditPage {
    let everything = ReadAudit {
        from_ms: 0,
        until_ms: i64::MAX,
        staff: None,
        actions: Vec::new(),
        page: None,
    };
    device.post("/audit/list", &everything).await.unwrap()
}

fn of_devices(page: &AuditPage) -> Vec<&str> {
    let rows = page.rows.iter().filter(|record| !record.at_server);
    rows.map(|record| record.row.action.as_str()).collect()
}

fn verified(world: &World) -> VerifyReport {
    let vault = Vault::open(&world.key_file(), &world.data()).unwrap();
    let connection = database::open(&world.data()).unwrap();
    verify::verify(&connection, &vault).unwrap()
}

async fn township() -> (World, Device, Device) {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("柳湾村", "310199100201").await;
    let tablet = world.tablet(&mut station, village, "许桂兰").await;
    (world, station, tablet)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_comes_in_parts_and_twice_and_is_there_once() {
    let (world, mut station, mut tablet) = township().await;
    let mut chain = Chain::of(&tablet, &["unlocked", "view_child"]);
    for _ in 0..2 {
        let taken = bring(&mut tablet, &chain, 0).await;
        assert_eq!((taken.number, taken.head), (2, chain.head_at(2)));
    }
    chain.push(&tablet, "locked");
    bring(&mut tablet, &chain, 2).await;
    assert_eq!(
        of_devices(&read(&mut station).await),
        ["unlocked", "view_child", "locked"]
    );
    let report = verified(&world);
    assert_eq!((report.faults, report.told), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_follows_nothing_here_is_told_what_is_here() {
    let (_world, _, mut tablet) = township().await;
    let chain = Chain::of(&tablet, &["unlocked", "view_child", "locked"]);
    let taken = bring(&mut tablet, &chain, 2).await;
    assert_eq!((taken.number, taken.head), (0, [0; 32]));
    let mut asked = chain.part(&tablet, 0);
    asked.rows.clear();
    asked.signature.clear();
    let taken: AuditTaken = tablet.post("/audit/bring", &asked).await.unwrap();
    assert_eq!(taken.number, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_the_device_did_not_sign_anothers_name_and_words_are_refused() {
    let (_world, mut station, mut tablet) = township().await;
    let chain = Chain::of(&tablet, &["unlocked"]);
    let mut unsigned = chain.part(&tablet, 0);
    unsigned.signature = chain.part(&station, 0).signature;
    let mut as_another = chain.part(&tablet, 0);
    as_another.rows[0].staff = Some(StaffId(Uuid::from_u128(1)));
    let mut wordy = chain.part(&tablet, 0);
    wordy.rows[0].detail = "王小明".into();
    for part in [unsigned, as_another, wordy] {
        let refused = tablet.post::<_, AuditTaken>("/audit/bring", &part).await;
        assert!(refused.is_err());
    }
    assert_eq!(of_devices(&read(&mut station).await), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_director_reads_her_own_and_the_station_its_township() {
    let (world, mut station, mut tablet) = township().await;
    let village = station.village("石桥村", "310199100202").await;
    let mut other = world.tablet(&mut station, village, "钱阿妹").await;
    let chain = Chain::of(&tablet, &["view_child"]);
    bring(&mut tablet, &chain, 0).await;
    let chain = Chain::of(&other, &["view_visit"]);
    bring(&mut other, &chain, 0).await;
    let own = read(&mut tablet).await;
    assert_eq!(of_devices(&own), ["view_child"]);
    let me = tablet.enrolled.staff;
    assert!(own.rows.iter().all(|record| record.row.staff == Some(me)));
    let all = read(&mut station).await;
    assert_eq!(of_devices(&all), ["view_child", "view_visit"]);
    let decided = all.rows.iter().filter(|record| record.at_server);
    assert!(
        decided.count() > 5,
        "what was decided at the server is there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_memories_of_one_tablet_are_both_kept_and_shown() {
    let (world, mut station, mut tablet) = township().await;
    let first = Chain::of(&tablet, &["unlocked", "view_child", "locked"]);
    bring(&mut tablet, &first, 0).await;
    let mut second = Chain {
        rows: first.rows[..1].to_vec(),
        ..first
    };
    second.push(&tablet, "export");
    bring(&mut tablet, &second, 1).await;
    let page = read(&mut station).await;
    assert_eq!(
        of_devices(&page),
        ["unlocked", "view_child", "locked", "export"]
    );
    assert_eq!(page.faults.len(), 1);
    assert_eq!(page.faults[0].kind, AuditFaultKind::Forked);
    let report = verified(&world);
    assert_eq!(report.faults, [""; 0]);
    assert_eq!(report.told.len(), 1);
}

async fn with_a_tampered_file(sql: &str) -> Vec<String> {
    let (mut world, _, mut tablet) = township().await;
    let chain = Chain::of(&tablet, &["unlocked", "view_child", "locked"]);
    bring(&mut tablet, &chain, 0).await;
    world.stop().await;
    let connection = Connection::open(database::file_of(&world.data())).unwrap();
    assert!(connection.execute(sql, []).is_err(), "the rows are locked");
    connection
        .execute_batch(
            "DROP TRIGGER device_audit_rows_never_change; DROP TRIGGER device_audit_rows_never_go;",
        )
        .unwrap();
    connection.execute(sql, []).unwrap();
    let device = tablet.enrolled.device.to_string();
    let faults = verified(&world).faults;
    faults
        .into_iter()
        .map(|fault| fault.replace(&device, "D"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_finds_what_was_altered_left_out_or_cut_off() {
    assert_eq!(
        with_a_tampered_file("UPDATE device_audit SET action = 'locked' WHERE number = 2").await,
        ["audit of device D, row 2: it was altered"]
    );
    assert_eq!(
        with_a_tampered_file("DELETE FROM device_audit WHERE number = 2").await,
        ["audit of device D, row 2: rows are missing"]
    );
    assert_eq!(
        with_a_tampered_file("DELETE FROM device_audit WHERE number = 3").await,
        ["audit of device D, row 3: rows are missing"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_device_brings_the_rest_of_its_trail_and_a_working_one_goes_the_usual_way() {
    let (world, mut station, mut tablet) = township().await;
    let mut chain = Chain::of(&tablet, &["unlocked"]);
    bring(&mut tablet, &chain, 0).await;
    let early = tablet
        .post::<_, AuditTaken>("/handover/trail", &chain.part(&tablet, 0))
        .await;
    assert_eq!(early.unwrap_err().1.code, "not_allowed");
    for action in ["unlock_failed", "view_child", "field_shown"] {
        chain.push(&tablet, action);
    }
    stop(&mut station, &tablet).await;
    let part = chain.part(&tablet, 1);
    let refused = tablet.post::<_, AuditTaken>("/audit/bring", &part).await;
    assert_eq!(refused.unwrap_err().1.code, "device_revoked");
    tablet.hand_over = true;
    for _ in 0..2 {
        let taken: AuditTaken = tablet.post("/handover/trail", &part).await.unwrap();
        assert_eq!((taken.number, taken.head), (4, chain.head_at(4)));
    }
    let mut forged = part.clone();
    forged.signature = chain.part(&station, 1).signature;
    assert!(
        tablet
            .post::<_, AuditTaken>("/handover/trail", &forged)
            .await
            .is_err()
    );
    assert_eq!(
        of_devices(&read(&mut station).await),
        ["unlocked", "unlock_failed", "view_child", "field_shown"]
    );
    let report = verified(&world);
    assert_eq!((report.faults, report.told), (vec![], vec![]));
}

pub async fn stop(by: &mut Device, device: &Device) {
    let stop = RevokeDevice {
        device: device.enrolled.device,
        reason: "stolen".into(),
        wipe: true,
        without_photos: false,
    };
    let _: DeviceList = by.post("/devices/revoke", &stop).await.unwrap();
}

/// How many rows of a device's chain are here.
fn kept(world: &World, device: &Device) -> i64 {
    let connection = database::open_reader(&database::file_of(&world.data())).unwrap();
    connection
        .query_row(
            "SELECT count(*) FROM device_audit WHERE device = ?1",
            [device.enrolled.device.0.as_bytes()],
            |row| row.get(0),
        )
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_device_brings_a_trail_of_years_and_no_endless_one() {
    let (world, mut station, mut tablet) = township().await;
    let mut chain = Chain::of(&tablet, &["unlocked"]);
    bring(&mut tablet, &chain, 0).await;
    stop(&mut station, &tablet).await;
    tablet.hand_over = true;
    // All but one of the rows there may be, in another of its memories.
    let before = limits::HANDED_OVER_TRAIL_ROWS as i64 - 1;
    let connection = Connection::open(database::file_of(&world.data())).unwrap();
    connection
        .busy_timeout(std::time::Duration::from_secs(10))
        .unwrap();
    connection
        .execute(
            "INSERT INTO device_audit (device, incarnation, number, hash, at_ms, action, object, detail, received_ms, handed_over)
             WITH RECURSIVE n (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM n WHERE number < ?2)
             SELECT ?1, zeroblob(16), number, zeroblob(32), 0, 'unlocked', '', '', 0, 1 FROM n",
            rusqlite::params![tablet.enrolled.device.0.as_bytes(), before],
        )
        .unwrap();
    drop(connection);
    let all = before + 1;
    assert_eq!(kept(&world, &tablet), all, "with the one from before");

    let mut longer = chain.clone();
    chain.push(&tablet, "view_child");
    for action in ["view_child", "locked"] {
        longer.push(&tablet, action);
    }
    let part = longer.part(&tablet, 1);
    let refused = tablet.post::<_, AuditTaken>("/handover/trail", &part).await;
    assert_eq!(refused.unwrap_err().1.code, "too_large");
    assert_eq!(kept(&world, &tablet), all, "nothing of it");
    let part = chain.part(&tablet, 1);
    let taken: AuditTaken = tablet.post("/handover/trail", &part).await.unwrap();
    assert_eq!(taken.number, 2);
    let part = longer.part(&tablet, 2);
    let refused = tablet.post::<_, AuditTaken>("/handover/trail", &part).await;
    assert_eq!(refused.unwrap_err().1.code, "too_large");
    assert_eq!(kept(&world, &tablet), all + 1);
    // The others bring theirs.
    let chain = Chain::of(&station, &["unlocked"]);
    assert_eq!(bring(&mut station, &chain, 0).await.number, 1);
}

/// The month of the chains of these tests.
const MONTH: &str = "2026-09";

/// Whether the station looked the month through, and how many looks at a child are counted in its township.
async fn counted(officer: &mut Device) -> (bool, u64) {
    let asked = ReadAuditCounts {
        month: MONTH.into(),
    };
    let counts: AuditCounts = officer.post("/audit/counts", &asked).await.unwrap();
    let [station] = counts.stations.as_slice() else {
        panic!("one station: {counts:?}");
    };
    let acts = station.people.iter().flat_map(|person| &person.counts);
    let looks = acts.filter(|act| act.action == "view_child");
    (station.reviewed, looks.map(|act| act.count).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_district_counts_no_stopped_device_and_believes_no_village_that_looked_a_month_through()
{
    let (world, mut station, mut tablet) = township().await;
    let mut officer = world.officer("何珊").await.unwrap();
    let township = world.report.scope;
    let mut colleague = world
        .colleague(&mut station, Role::Supervisor, township, "吴量")
        .await
        .unwrap();
    let mut chain = Chain::of(&tablet, &["view_child", "unlocked"]);
    chain.push_about(&tablet, "audit_reviewed", MONTH.into());
    bring(&mut tablet, &chain, 0).await;
    assert_eq!(counted(&mut officer).await, (false, 1));

    stop(&mut station, &tablet).await;
    tablet.hand_over = true;
    for _ in 0..3 {
        chain.push(&tablet, "view_child");
    }
    let part = chain.part(&tablet, 3);
    let _: AuditTaken = tablet.post("/handover/trail", &part).await.unwrap();
    stop(&mut station, &colleague).await;
    colleague.hand_over = true;
    let mut chain = Chain::of(&colleague, &["view_child"]);
    chain.push_about(&colleague, "audit_reviewed", MONTH.into());
    let part = chain.part(&colleague, 0);
    let _: AuditTaken = colleague.post("/handover/trail", &part).await.unwrap();
    assert_eq!(
        of_devices(&read(&mut station).await).len(),
        8,
        "the station reads them all"
    );
    assert_eq!(counted(&mut officer).await, (false, 1));

    let mut chain = Chain::of(&station, &["view_child"]);
    chain.push_about(&station, "audit_reviewed", MONTH.into());
    bring(&mut station, &chain, 0).await;
    assert_eq!(counted(&mut officer).await, (true, 2));
}
