//! A person is more than a post: neither another one nor a namesake makes two of her, or one of two (docs/adr/0056).

use crate::exports;
use crate::support::{Device, Refused, World, appointment};
use crate::trails::{Chain, bring};
use ids::{DocKind, DocumentId, Role, StaffId, UnitId};
use protocol::{
    AuditPage, CreateEnrolment, DecideErasure, DecideExport, EndGrant, EndRecusal, EntryBody,
    ErasureList, ExportList, GrantId, GrantPerson, GrantState, Order, PeopleList, PersonRecord,
    ReadAudit, RecordVetting, RecusalList, RecusePerson, RequestErasure, Vetting, order,
};
use sync_server::admin::{AdminDesk, AdminError};
use sync_server::persons::Who;
use sync_server::system::SystemEntropy;
use uuid::Uuid;

/// A station with a head, a second supervisor 高岚, and a child of a village.
struct Township {
    world: World,
    station: Device,
    head: Device,
    gao: Device,
    village: UnitId,
    child: DocumentId,
    tablet: Device,
}

async fn township() -> Township {
    let world = World::new().await;
    let mut station = world.station().await;
    let scope = world.report.scope;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let head = world
        .colleague(&mut station, Role::Head, scope, "陈敏")
        .await
        .unwrap();
    let gao = world
        .colleague(&mut station, Role::Supervisor, scope, "高岚")
        .await
        .unwrap();
    let mut child = tablet.document(DocKind::Child, village);
    let sent = tablet.edit(&mut child, "name", "石小雨");
    tablet.sync(None, vec![sent]).await.unwrap();
    Township {
        child: child.header.document,
        world,
        station,
        head,
        gao,
        village,
        tablet,
    }
}

impl Township {
    fn as_head(&self, who: Option<StaffId>) -> GrantPerson {
        GrantPerson {
            role: Role::Head,
            same_as: who,
            ..appointment(Uuid::new_v4(), self.world.report.scope, "高岚")
        }
    }

    /// 高岚 becomes head and has a device as one.
    async fn promote(&mut self) -> Device {
        let asked = self.as_head(Some(self.gao.enrolled.staff));
        grant(&mut self.head, &asked).await.unwrap();
        let scope = self.world.report.scope;
        self.world
            .colleague(&mut self.head, Role::Head, scope, "高岚")
            .await
            .unwrap()
    }

    fn erasure(&self) -> RequestErasure {
        RequestErasure {
            id: Uuid::new_v4(),
            child: self.child,
            with: vec![],
            about: vec![],
            left: false,
            basis: "consent_withdrawn".into(),
            words: "家里要求".into(),
            part: None,
        }
    }

    fn desk(&self) -> AdminDesk<'_> {
        AdminDesk::open(
            &self.world.data(),
            &self.world.key_file(),
            self.world.clock.as_ref(),
            &SystemEntropy,
        )
        .unwrap()
    }
}

async fn grant(device: &mut Device, asked: &GrantPerson) -> Result<PeopleList, Refused> {
    device.post("/people/grant", asked).await
}

fn code<T: std::fmt::Debug>(refused: Result<T, Refused>) -> String {
    refused.unwrap_err().1.code
}

fn of_grant(list: &PeopleList, id: GrantId) -> PersonRecord {
    let found = list.people.iter().find(|one| one.grant == id);
    found.unwrap().clone()
}

fn of_staff(list: &PeopleList, staff: StaffId) -> PersonRecord {
    let found = list.people.iter().find(|one| one.staff == staff);
    found.unwrap().clone()
}

/// Who is not to act for what, as the orders say that a device heard.
async fn heard(device: &mut Device) -> Vec<(StaffId, DocumentId, Option<i64>)> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(&device.enrolled.server_key).unwrap();
    let answer = device.sync(Some(device.start()), vec![]).await.unwrap();
    assert!(!answer.more);
    let orders = answer.entries.iter().filter_map(|entry| match &entry.body {
        EntryBody::Order { statement } => order::read(&key, statement).ok(),
        _ => None,
    });
    let recusals = orders.filter_map(|numbered| match numbered.order {
        Order::Recuse {
            staff,
            document,
            until_ms,
            ..
        } => Some((staff, document, until_ms)),
        _ => None,
    });
    recusals.collect()
}

#[tokio::test]
async fn a_recused_supervisor_becomes_head_and_is_still_recused() {
    let mut t = township().await;
    let before = t.gao.enrolled.staff;
    let recusal = RecusePerson {
        id: Uuid::from_u128(0x56),
        documents: vec![t.child],
        staff: before,
        stead: None,
        until_ms: None,
        reason: "relative".into(),
    };
    let _: RecusalList = t.station.post("/people/recuse", &recusal).await.unwrap();

    // Nobody is silently taken for another person.
    let unsaid = t.as_head(None);
    assert_eq!(code(grant(&mut t.head, &unsaid).await), "namesake_known");
    let mut now = t.promote().await;
    let list: PeopleList = t.head.post("/people/list", &()).await.unwrap();
    let old = of_staff(&list, before);
    assert_eq!(
        (old.state, old.end_reason.as_str(), old.devices),
        (GrantState::Ended, "transferred", 0)
    );
    let refused = t.gao.sync(None, vec![]).await.unwrap_err();
    assert_eq!(refused.1.code, "device_revoked");

    // It stands for whom she is now, with its reason, and a device hears so by orders alone.
    let hers = now.enrolled.staff;
    assert_ne!(hers, before);
    let list: RecusalList = t.station.post("/people/recusals", &()).await.unwrap();
    let standing: Vec<_> = list
        .recusals
        .iter()
        .filter(|row| row.until_ms.is_none())
        .collect();
    assert_eq!(standing.len(), 1);
    assert_eq!(
        (standing[0].staff, standing[0].reason.as_str()),
        (hers, "relative")
    );
    assert_eq!(standing[0].said_by, Some(t.station.enrolled.staff));
    let told = heard(&mut t.tablet).await;
    assert!(told.contains(&(hers, t.child, None)), "{told:?}");

    // She decides nothing of the family's, and ends it under neither name.
    let asked = t.erasure();
    let refused: Result<ErasureList, _> = now.post("/erasures/request", &asked).await;
    assert_eq!(code(refused), "recused");
    for id in [standing[0].id, recusal.id] {
        let refused: Result<RecusalList, _> =
            now.post("/people/recuse/end", &EndRecusal { id }).await;
        assert_eq!(code(refused), "recused");
    }
    let over = EndRecusal { id: standing[0].id };
    let _: RecusalList = t.station.post("/people/recuse/end", &over).await.unwrap();
    let _: ErasureList = now.post("/erasures/request", &asked).await.unwrap();
}

#[tokio::test]
async fn no_second_person_in_oneself_after_a_change_of_post() {
    let mut t = township().await;
    let export = exports::asked(3, false);
    let _: ExportList = t.gao.post("/exports/request", &export).await.unwrap();
    let erasure = t.erasure();
    let _: ErasureList = t.gao.post("/erasures/request", &erasure).await.unwrap();
    let list: PeopleList = t.station.post("/people/list", &()).await.unwrap();
    let before = of_staff(&list, t.gao.enrolled.staff);
    let mut now = t.promote().await;

    let decide = DecideExport {
        id: export.id,
        approve: true,
    };
    let refused: Result<ExportList, _> = now.post("/exports/decide", &decide).await;
    assert_eq!(code(refused), "not_allowed");
    let agree = DecideErasure {
        id: erasure.id,
        approve: false,
        renewal: None,
        also: Vec::new(),
    };
    let refused: Result<ErasureList, _> = now.post("/erasures/decide", &agree).await;
    assert_eq!(code(refused), "not_allowed");
    let vetted = RecordVetting {
        grant: before.grant,
        vetting: Vetting {
            on: "2026-10-09".into(),
            reference: "查询2026-119".into(),
        },
    };
    let refused: Result<PeopleList, _> = now.post("/people/vet", &vetted).await;
    assert_eq!(code(refused), "own_appointment");

    // Nor does she appoint herself to a village, whoever she says it is.
    let elsewhere = appointment(Uuid::new_v4(), t.village, "高岚");
    for (same_as, is_another) in [
        (None, false),
        (None, true),
        (Some(now.enrolled.staff), false),
        (Some(before.staff), false),
    ] {
        let asked = GrantPerson {
            same_as,
            is_another,
            ..elsewhere.clone()
        };
        assert_eq!(code(grant(&mut now, &asked).await), "own_appointment");
    }
    // Whoever may end no head's appointment moves no head to another post.
    let moved = GrantPerson {
        same_as: Some(now.enrolled.staff),
        ..elsewhere
    };
    assert_eq!(code(grant(&mut t.station, &moved).await), "not_allowed");

    // Another person decides.
    let _: ExportList = t.head.post("/exports/decide", &decide).await.unwrap();
    let _: ErasureList = t.head.post("/erasures/decide", &agree).await.unwrap();
}

#[tokio::test]
async fn what_was_exported_today_counts_whatever_her_post_was() {
    let mut t = township().await;
    let chain = Chain::of(&t.gao, &["export_made"]);
    bring(&mut t.gao, &chain, 0).await;
    let mut now = t.promote().await;
    let asked = ReadAudit {
        from_ms: 0,
        until_ms: i64::MAX,
        staff: Some(now.enrolled.staff),
        actions: vec!["export_made".into()],
        page: None,
    };
    let own: AuditPage = now.post("/audit/list", &asked).await.unwrap();
    let made = own
        .rows
        .iter()
        .filter(|row| row.row.action == "export_made");
    assert_eq!(made.count(), 1);
}

#[tokio::test]
async fn a_successor_of_the_same_name_is_refused_and_a_namesake_elsewhere_inherits_nothing() {
    let mut t = township().await;
    let list: PeopleList = t.station.post("/people/list", &()).await.unwrap();
    let hers = of_staff(&list, t.tablet.enrolled.staff);
    let next = appointment(Uuid::new_v4(), t.village, "林月");
    for (replaces, same_as, is_another) in [
        (None, None, false),
        (None, None, true),
        (Some(hers.grant), None, false),
        (Some(hers.grant), None, true),
        (Some(hers.grant), Some(hers.staff), false),
    ] {
        let asked = GrantPerson {
            replaces,
            same_as,
            is_another,
            vetting: None,
            ..next.clone()
        };
        let refused = code(grant(&mut t.station, &asked).await);
        assert_eq!(
            refused, "namesake_here",
            "{replaces:?} {same_as:?} {is_another}"
        );
    }
    let list: PeopleList = t.station.post("/people/list", &()).await.unwrap();
    assert_eq!(of_staff(&list, hers.staff), hers, "nothing was written");
    t.tablet.sync(None, vec![]).await.unwrap();

    // Prolonged she is by saying that it is she, and stays vetted.
    let longer = GrantPerson {
        same_as: Some(hers.staff),
        vetting: None,
        ..next.clone()
    };
    let list = grant(&mut t.station, &longer).await.unwrap();
    let prolonged = of_grant(&list, longer.id);
    assert_eq!((prolonged.staff, prolonged.devices), (hers.staff, 1));
    assert!(prolonged.vetting.is_some());

    let west = t.station.village("西滩村", "310199100202").await;
    let namesake = GrantPerson {
        id: Uuid::new_v4(),
        unit: west,
        vetting: None,
        ..next.clone()
    };
    let unsaid = code(grant(&mut t.station, &namesake).await);
    assert_eq!(unsaid, "namesake_known");
    let another = GrantPerson {
        is_another: true,
        ..namesake
    };
    let list = grant(&mut t.station, &another).await.unwrap();
    let other = of_grant(&list, another.id);
    assert_ne!(other.staff, hers.staff);
    assert_eq!((other.vetting, other.devices), (None, 0));
    t.tablet.sync(None, vec![]).await.unwrap();

    // Who left and comes back is asked for anew, and vetted anew.
    let end = EndGrant {
        grant: longer.id,
        reason: "left_post".into(),
    };
    let _: PeopleList = t.station.post("/people/end", &end).await.unwrap();
    let back = GrantPerson {
        id: Uuid::new_v4(),
        vetting: None,
        ..next
    };
    assert_eq!(code(grant(&mut t.station, &back).await), "namesake_known");
    let again = GrantPerson {
        same_as: Some(hers.staff),
        ..back
    };
    let list = grant(&mut t.station, &again).await.unwrap();
    let returned = of_grant(&list, again.id);
    assert_eq!((returned.staff, returned.vetting), (hers.staff, None));
    let unknown = GrantPerson {
        id: Uuid::new_v4(),
        same_as: Some(t.head.enrolled.staff),
        ..again
    };
    assert_eq!(code(grant(&mut t.station, &unknown).await), "not_found");
}

#[tokio::test]
async fn whoever_sits_at_the_server_says_whose_code_it_is() {
    let mut t = township().await;
    let recusal = RecusePerson {
        id: Uuid::from_u128(0x57),
        documents: vec![t.child],
        staff: t.gao.enrolled.staff,
        stead: None,
        until_ms: None,
        reason: "relative".into(),
    };
    let _: RecusalList = t.station.post("/people/recuse", &recusal).await.unwrap();
    let as_head = CreateEnrolment {
        unit: t.world.report.scope,
        role: Role::Head,
        person: "高岚".into(),
    };
    let unsaid = t.desk().create_enrolment(&as_head, Who::Unknown);
    let Err(AdminError::Namesakes(known)) = &unsaid else {
        panic!("{unsaid:?}");
    };
    assert!(known.contains(&t.gao.enrolled.staff.to_string()), "{known}");
    let same = Who::SameAs(t.gao.enrolled.staff);
    t.desk().create_enrolment(&as_head, same).unwrap();
    let again = t.desk().create_enrolment(&as_head, Who::Unknown).unwrap();
    assert_eq!(again.role, Role::Head, "another device of hers");
    let refused = t.gao.sync(None, vec![]).await.unwrap_err();
    assert_eq!(refused.1.code, "device_revoked");
    let list: RecusalList = t.station.post("/people/recusals", &()).await.unwrap();
    let standing = list.recusals.iter().find(|row| row.until_ms.is_none());
    assert_ne!(standing.unwrap().staff, t.gao.enrolled.staff);
    // Her former post is not hers again by a code, unless that is said.
    let as_before = CreateEnrolment {
        role: Role::Supervisor,
        ..as_head
    };
    let unsaid = t.desk().create_enrolment(&as_before, Who::Unknown);
    assert!(matches!(unsaid, Err(AdminError::Namesakes(_))));
    let stranger = CreateEnrolment {
        unit: t.village,
        role: Role::Director,
        person: "高岚".into(),
    };
    t.desk().create_enrolment(&stranger, Who::Another).unwrap();
}
