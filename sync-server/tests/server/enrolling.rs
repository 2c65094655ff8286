//! How a device becomes known, and every way in which it does not.

use crate::support::{Half, World, signing_key};
use ids::Role;
use protocol::enrolment::{QrCode, TypedCode};
use protocol::session::proof;
use protocol::{
    CreateEnrolment, DeviceCertificate, DeviceList, EnrolmentProgress, EnrolmentState,
    EnrolmentStatus, Locator, PollEnrolment, ReadEnrolment, VillageList, limits,
};

#[tokio::test]
async fn a_station_is_enrolled_by_qr_and_a_tablet_by_typed_digits() {
    let world = World::new().await;
    let mut station = world.station().await;
    assert_eq!(station.enrolled.role, Role::Supervisor);
    assert_eq!(station.enrolled.unit, world.report.scope);
    assert_eq!(station.enrolled.scope_name, "芦汀镇");
    assert!(station.enrolled.demo);

    let village = station.village("东滩村", "310199100201").await;
    let tablet = world.tablet(&mut station, village, "林月").await;
    assert_eq!(tablet.enrolled.role, Role::Director);
    assert_eq!(tablet.enrolled.unit_name, "东滩村");
    assert_eq!(tablet.enrolled.region, "310199100201");
    assert_ne!(
        tablet.enrolled.file_numbers.first,
        station.enrolled.file_numbers.first
    );
    let key = ed25519_dalek::VerifyingKey::from_bytes(&tablet.enrolled.server_key).unwrap();
    let certificate: DeviceCertificate =
        proof::read_statement(&key, &tablet.enrolled.certificate).unwrap();
    assert_eq!(certificate.device, tablet.enrolled.device);

    let list: DeviceList = station.post("/devices/list", &()).await.unwrap();
    assert_eq!(list.devices.len(), 2);
    assert_eq!(list.devices[1].staff_name, "林月");
    assert_eq!(list.devices[1].seen_ms, None);
}

#[tokio::test]
async fn a_code_made_twice_for_one_person_makes_one_person_with_two_devices() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let first = world.tablet(&mut station, village, "林月").await;
    let second = world.tablet(&mut station, village, "林月").await;
    assert_eq!(first.enrolled.staff, second.enrolled.staff);
    assert_ne!(first.enrolled.device, second.enrolled.device);
}

#[tokio::test]
async fn nothing_is_finished_before_the_station_confirmed() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let status = station.new_code(village, "林月").await.unwrap();
    let half = Half::begin_typed(world.http(), &status.code).await.unwrap();
    let (code, error) = half.try_finish(half.proof()).await.unwrap_err();
    assert_eq!((code, error.code.as_str()), (409, "enrol_not_confirmed"));
    assert!(!error.message.is_empty() && !error.next.is_empty());

    let seen: EnrolmentStatus = station
        .post(
            "/enrolments/status",
            &ReadEnrolment {
                enrolment: status.enrolment,
            },
        )
        .await
        .unwrap();
    assert_eq!(seen.state, EnrolmentState::Comparing);
    assert_eq!(seen.compare_code, Some(half.compare_code()));

    let (_, error) = station.confirm(&status, "000000x").await.unwrap_err();
    assert_eq!(error.code, "enrol_compare_wrong");
    station
        .confirm(&status, &half.compare_code())
        .await
        .unwrap();
    let progress: EnrolmentProgress = half
        .http
        .post(
            "/enrol/poll",
            None,
            &PollEnrolment {
                enrolment: status.enrolment,
            },
        )
        .await
        .unwrap();
    assert_eq!(progress.state, EnrolmentState::Confirmed);
    half.try_finish(half.proof()).await.unwrap();
}

#[tokio::test]
async fn finishing_twice_gives_the_same_device_and_another_proof_is_refused() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let status = station.new_code(village, "林月").await.unwrap();
    let half = Half::begin_typed(world.http(), &status.code).await.unwrap();
    station
        .confirm(&status, &half.compare_code())
        .await
        .unwrap();
    let first = half.try_finish(half.proof()).await.unwrap();
    let second = half.try_finish(half.proof()).await.unwrap();
    assert_eq!(first, second);
    let (_, error) = half.try_finish(vec![0; 32]).await.unwrap_err();
    assert_eq!(error.code, "enrol_code_used");
    let (_, error) = Half::begin_typed(world.http(), &status.code)
        .await
        .err()
        .unwrap();
    assert_eq!(error.code, "enrol_code_used");
}

#[tokio::test]
async fn five_wrong_proofs_burn_a_code() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let status = station.new_code(village, "林月").await.unwrap();
    let half = Half::begin_typed(world.http(), &status.code).await.unwrap();
    station
        .confirm(&status, &half.compare_code())
        .await
        .unwrap();
    for _ in 0..4 {
        let (_, error) = half.try_finish(vec![1; 32]).await.unwrap_err();
        assert_eq!(error.code, "enrol_code_wrong");
    }
    let (_, error) = half.try_finish(vec![1; 32]).await.unwrap_err();
    assert_eq!(error.code, "enrol_code_burnt");
    let (_, error) = half.try_finish(half.proof()).await.unwrap_err();
    assert_eq!(error.code, "enrol_code_burnt");
}

#[tokio::test]
async fn a_wrong_qr_secret_is_told_at_once_and_burns_too() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let status = station.new_code(village, "林月").await.unwrap();
    let mut qr = QrCode::parse(&status.qr).unwrap();
    qr.secret = [9; 16];
    for expected in ["enrol_code_wrong"; 4]
        .into_iter()
        .chain(["enrol_code_burnt"])
    {
        let (_, error) = Half::begin_qr(world.http(), &qr.text())
            .await
            .err()
            .unwrap();
        assert_eq!(error.code, expected);
    }
    let (_, error) = Half::begin_qr(world.http(), &status.qr)
        .await
        .err()
        .unwrap();
    assert_eq!(error.code, "enrol_code_burnt");
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let status = station.new_code(village, "林月").await.unwrap();
    world.clock.forward(10 * 60 * 1000);
    let (code, error) = Half::begin_typed(world.http(), &status.code)
        .await
        .err()
        .unwrap();
    assert_eq!((code, error.code.as_str()), (410, "enrol_code_expired"));
}

#[tokio::test]
async fn whoever_tries_codes_at_random_is_heard_no_more_and_the_others_are() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let status = station.new_code(village, "林月").await.unwrap();
    let known = [&status.code, &world.report.enrolment.code]
        .map(|code| TypedCode::parse(code).unwrap().locator);
    let nobodys = (0..10_000)
        .map(|number| format!("{number:04}"))
        .filter(|digits| !known.contains(digits));
    for digits in nobodys.take(limits::ENROLMENT_GUESSES as usize) {
        let (code, error) = Half::begin(
            world.http(),
            signing_key(),
            Locator::Digits(digits),
            vec![],
            false,
        )
        .await
        .err()
        .unwrap();
        assert_eq!((code, error.code.as_str()), (403, "enrol_code_wrong"));
    }
    let (code, error) = Half::begin_typed(world.http(), &status.code)
        .await
        .err()
        .unwrap();
    assert_eq!((code, error.code.as_str()), (429, "enrol_guesses"));
    assert!(Half::begin_qr(world.http(), &status.qr).await.is_ok());
    world.clock.forward(limits::ENROLMENT_MS);
    station.open_session().await.unwrap();
    let status = station.new_code(village, "何平").await.unwrap();
    assert!(Half::begin_typed(world.http(), &status.code).await.is_ok());
}

#[tokio::test]
async fn a_device_that_comes_in_between_changes_the_six_digits() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let status = station.new_code(village, "林月").await.unwrap();
    let first = Half::begin_typed(world.http(), &status.code).await.unwrap();
    let other = Half::begin_typed(world.http(), &status.code).await.unwrap();
    let (_, error) = station
        .confirm(&status, &first.compare_code())
        .await
        .unwrap_err();
    assert_eq!(error.code, "enrol_compare_wrong");
    station
        .confirm(&status, &other.compare_code())
        .await
        .unwrap();
    let (_, error) = first.try_finish(first.proof()).await.unwrap_err();
    assert_eq!(error.code, "enrol_code_wrong");
}

#[tokio::test]
async fn an_unknown_code_and_a_used_key_are_refused() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let status = station.new_code(village, "林月").await.unwrap();
    let code = TypedCode::parse(&status.code).unwrap();
    let unknown = format!("{:04}", (code.locator.parse::<u32>().unwrap() + 1) % 10_000);
    let (_, error) = Half::begin(
        world.http(),
        signing_key(),
        Locator::Digits(unknown),
        vec![],
        false,
    )
    .await
    .err()
    .unwrap();
    assert_eq!(error.code, "enrol_code_wrong");
    let (_, error) = Half::begin(
        world.http(),
        station.key.clone(),
        Locator::Digits(code.locator),
        vec![],
        false,
    )
    .await
    .err()
    .unwrap();
    assert_eq!(error.code, "already_enrolled");
}

#[tokio::test]
async fn a_director_cannot_enrol_make_villages_or_list_devices() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let (code, error) = tablet.new_code(village, "某人").await.unwrap_err();
    assert_eq!((code, error.code.as_str()), (403, "not_allowed"));
    let listed: Result<DeviceList, _> = tablet.post("/devices/list", &()).await;
    assert_eq!(listed.unwrap_err().1.code, "not_allowed");
    let listed: Result<VillageList, _> = tablet.post("/villages/list", &()).await;
    assert_eq!(listed.unwrap_err().1.code, "not_allowed");
}

#[tokio::test]
async fn a_code_fits_its_unit_and_a_village_is_made_once() {
    let world = World::new().await;
    let mut station = world.station().await;
    let scope = world.report.scope;
    let (_, error) = station.new_code(scope, "林月").await.unwrap_err();
    assert_eq!(error.code, "not_allowed");
    let (_, error) = station
        .new_code(world.report.district, "林月")
        .await
        .unwrap_err();
    assert_eq!(error.code, "not_found");
    let village = station.village("东滩村", "310199100201").await;
    let input = CreateEnrolment {
        unit: village,
        role: Role::Director,
        person: "  ".into(),
    };
    let refused: Result<EnrolmentStatus, _> = station.post("/enrolments", &input).await;
    assert_eq!(refused.unwrap_err().1.code, "name_missing");
    for (name, region, expected) in [
        ("东滩村", "310199100299", "village_exists"),
        ("西滩村", "310199100201", "village_exists"),
        ("西滩村", "31019910", "region_invalid"),
        ("", "310199100299", "name_missing"),
    ] {
        let input = protocol::CreateVillage {
            name: name.into(),
            region: region.into(),
        };
        let refused: Result<VillageList, _> = station.post("/villages", &input).await;
        assert_eq!(refused.unwrap_err().1.code, expected);
    }
}

#[tokio::test]
async fn the_first_station_may_be_confirmed_from_the_command_line() {
    let world = World::new().await;
    let id = world.report.enrolment.enrolment;
    let status = world.server().enrolment(id).await.unwrap();
    let half = Half::begin_typed(world.http(), &status.code).await.unwrap();
    let entropy = sync_server::system::SystemEntropy;
    let mut desk = sync_server::admin::AdminDesk::open(
        &world.data(),
        &world.key_file(),
        world.clock.as_ref(),
        &entropy,
    )
    .unwrap();
    let open = desk.open_enrolments().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].compare_code, Some(half.compare_code()));
    desk.confirm_enrolment(&protocol::ConfirmEnrolment {
        enrolment: id,
        compare_code: half.compare_code(),
    })
    .unwrap();
    half.finish().await.unwrap();
}

#[tokio::test]
async fn a_supervisor_enrols_the_first_head_and_after_that_only_the_head_does() {
    let world = World::new().await;
    let mut station = world.station().await;
    let scope = world.report.scope;
    let village = station.village("东滩村", "310199100201").await;
    let (_, error) = station
        .new_code_for(Role::Head, village, "高岚")
        .await
        .unwrap_err();
    assert_eq!(error.code, "not_allowed", "a head belongs to the station");

    // Two codes made while there is none: the second is not confirmed any more.
    let second = station
        .new_code_for(Role::Head, scope, "方圆")
        .await
        .unwrap();
    let mut head = world
        .colleague(&mut station, Role::Head, scope, "高岚")
        .await
        .unwrap();
    let half = Half::begin_typed(world.http(), &second.code).await.unwrap();
    let (_, error) = station
        .confirm(&second, &half.compare_code())
        .await
        .unwrap_err();
    assert_eq!(error.code, "not_allowed");
    let (_, error) = station
        .new_code_for(Role::Head, scope, "方圆")
        .await
        .unwrap_err();
    assert_eq!(error.code, "not_allowed");

    world
        .colleague(&mut head, Role::Head, scope, "方圆")
        .await
        .unwrap();
    world
        .colleague(&mut station, Role::Supervisor, scope, "陶然")
        .await
        .unwrap();
    world
        .colleague(&mut head, Role::Director, village, "林月")
        .await
        .unwrap();
}
