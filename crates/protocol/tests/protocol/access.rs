//! Every cell of who × what × where.

use ids::{DeviceId, DocKind, Role, StaffId, UnitId};
use protocol::access::{
    Action, Context, Decision, Denial, Holder, Resource, Standing, Subject, decide,
};
use uuid::Uuid;

const SCOPE: UnitId = UnitId(Uuid::from_u128(1));
const OTHER_SCOPE: UnitId = UnitId(Uuid::from_u128(2));
const VILLAGE: UnitId = UnitId(Uuid::from_u128(3));
const OTHER_VILLAGE: UnitId = UnitId(Uuid::from_u128(4));
const DEVICE: DeviceId = DeviceId(Uuid::from_u128(5));
const OTHER_DEVICE: DeviceId = DeviceId(Uuid::from_u128(6));

fn holder(role: Role) -> Subject {
    Subject::Device(Holder {
        device: DEVICE,
        staff: StaffId(Uuid::from_u128(7)),
        role,
        unit: match role {
            Role::Director => VILLAGE,
            Role::Supervisor | Role::Head | Role::Officer => SCOPE,
        },
        scope: SCOPE,
        covers: None,
    })
}

fn resource(action: Action) -> Resource {
    match action {
        Action::ReadHealth | Action::Enrol | Action::OpenSession => Resource::Server,
        Action::ReadDocument
        | Action::CreateDocument
        | Action::WriteDocument
        | Action::AddContact => document(DocKind::Child, VILLAGE, SCOPE, DEVICE),
        _ => Resource::Scope(SCOPE),
    }
}

fn document(kind: DocKind, home_unit: UnitId, scope: UnitId, creator: DeviceId) -> Resource {
    Resource::Document {
        kind,
        home_unit,
        scope,
        creator,
        guest: None,
    }
}

/// Stranger, director, supervisor, head, officer of the district, operator: y or n.
#[test]
fn who_may_do_what_at_home() {
    let table = [
        (Action::ReadHealth, "yyyyyy"),
        (Action::Enrol, "yyyyyy"),
        (Action::OpenSession, "yyyyyy"),
        (Action::ReadLog, "nyyyyn"),
        (Action::ReadDocument, "nyyynn"),
        (Action::CreateDocument, "nyyynn"),
        (Action::WriteDocument, "nyyynn"),
        (Action::AddContact, "nyyynn"),
        (Action::CreateEnrolment, "nnyyny"),
        (Action::ReadEnrolment, "nnyyny"),
        (Action::ConfirmEnrolment, "nnyyny"),
        (Action::DelegateEnrolment, "nnyynn"),
        (Action::CreateVillage, "nnyynn"),
        (Action::PublishForm, "nnyynn"),
        (Action::ReadVillages, "nnyynn"),
        (Action::ReadDevices, "nnyynn"),
        (Action::ReadRefusals, "nnyynn"),
        (Action::ReadMoves, "nnyynn"),
        (Action::MoveDocuments, "nnyynn"),
        (Action::AdmitGuests, "nnyynn"),
        (Action::ReadReviews, "nnyynn"),
        (Action::DecideReview, "nnyynn"),
        (Action::AppointHead, "nnnyny"),
        (Action::RevokeDevice, "nnyynn"),
        // Only a device that was stopped.
        (Action::HandOver, "nnnnnn"),
        (Action::BringAudit, "nyyyyn"),
        (Action::ReadAudit, "nyyynn"),
        (Action::ReadAuditCounts, "nnnnyn"),
        (Action::ReadExports, "nnyynn"),
        (Action::RequestExport, "nnyynn"),
        (Action::DecideExport, "nnyynn"),
        (Action::BreakGlass, "nnyynn"),
        (Action::ReviewOpening, "nnnynn"),
        (Action::KeepConfidential, "nnnynn"),
        (Action::ReadUnitKeys, "nyyynn"),
        (Action::KeepUnitKeys, "nnyynn"),
        (Action::ReadPeople, "nnyynn"),
        (Action::ReadOwnGrant, "nyyynn"),
        (Action::ManagePeople, "nnyynn"),
        (Action::ReadErasures, "nnyynn"),
        (Action::RequestErasure, "nnyynn"),
        (Action::DecideErasure, "nnnynn"),
        (Action::BringReport, "nnyynn"),
        (Action::ReadReports, "nnyyyn"),
        (Action::Countersign, "nnnnyn"),
        (Action::AskCase, "nnnnyn"),
        (Action::ReadCase, "nnnnyn"),
        (Action::AnswerCase, "nnnynn"),
    ];
    assert_eq!(table.len(), Action::ALL.len());
    for (action, expected) in table {
        let subjects = [
            Subject::Stranger,
            holder(Role::Director),
            holder(Role::Supervisor),
            holder(Role::Head),
            holder(Role::Officer),
            Subject::Operator,
        ];
        let row: String = subjects
            .into_iter()
            .map(|subject| {
                let decision = decide(subject, action, resource(action), Context::default());
                if decision.is_allowed() { 'y' } else { 'n' }
            })
            .collect();
        assert_eq!(row, expected, "{action:?}");
    }
}

#[test]
fn a_supervisor_appoints_a_head_only_while_there_is_none() {
    let appoints = |role, headless| {
        let context = Context {
            headless,
            ..Context::default()
        };
        let scope = Resource::Scope(SCOPE);
        decide(holder(role), Action::AppointHead, scope, context).is_allowed()
    };
    assert!(appoints(Role::Supervisor, true) && appoints(Role::Head, true));
    assert!(!appoints(Role::Supervisor, false) && appoints(Role::Head, false));
    assert!(!appoints(Role::Director, true));
}

#[test]
fn a_revoked_device_may_hand_over_what_it_holds_and_nothing_else_that_needs_a_device() {
    let context = Context::standing(Standing::Revoked);
    for action in Action::ALL {
        for role in Role::ALL {
            let decision = decide(holder(role), action, resource(action), context);
            let open = resource(action) == Resource::Server || action == Action::HandOver;
            let expected = if open {
                Decision::Allow
            } else {
                Decision::Deny(Denial::Revoked)
            };
            assert_eq!(decision, expected, "{action:?}");
        }
    }
}

#[test]
fn another_scope_is_closed_to_everybody() {
    for action in Action::ALL {
        for role in Role::ALL {
            let elsewhere = match resource(action) {
                Resource::Server => continue,
                Resource::Scope(_) => Resource::Scope(OTHER_SCOPE),
                Resource::Document { .. } => document(DocKind::Child, VILLAGE, OTHER_SCOPE, DEVICE),
            };
            let decision = decide(holder(role), action, elsewhere, Context::default());
            assert!(!decision.is_allowed(), "{action:?} {role:?}");
        }
    }
}

/// Read, create, write for each kind, home and creator.
#[test]
fn documents_by_kind_home_and_creator() {
    let actions = [
        Action::ReadDocument,
        Action::CreateDocument,
        Action::WriteDocument,
    ];
    let cells = |role, kind, home, creator| -> String {
        actions
            .into_iter()
            .map(|action| {
                let resource = document(kind, home, SCOPE, creator);
                let decision = decide(holder(role), action, resource, Context::default());
                if decision.is_allowed() { 'y' } else { 'n' }
            })
            .collect()
    };
    for kind in [
        DocKind::Household,
        DocKind::Child,
        DocKind::Problem,
        DocKind::Work,
    ] {
        for creator in [DEVICE, OTHER_DEVICE] {
            assert_eq!(cells(Role::Director, kind, VILLAGE, creator), "yyy");
            assert_eq!(cells(Role::Director, kind, OTHER_VILLAGE, creator), "nnn");
            assert_eq!(cells(Role::Director, kind, SCOPE, creator), "nnn");
            for home in [VILLAGE, OTHER_VILLAGE, SCOPE] {
                assert_eq!(cells(Role::Supervisor, kind, home, creator), "yyy");
            }
        }
    }
    let sealed = DocKind::Restricted;
    assert_eq!(cells(Role::Director, sealed, SCOPE, DEVICE), "nyy");
    assert_eq!(cells(Role::Director, sealed, SCOPE, OTHER_DEVICE), "nnn");
    assert_eq!(cells(Role::Director, sealed, VILLAGE, DEVICE), "nnn");
    assert_eq!(cells(Role::Supervisor, sealed, SCOPE, OTHER_DEVICE), "yyy");
    assert_eq!(cells(Role::Supervisor, sealed, VILLAGE, DEVICE), "nnn");
}

/// Whatever the document, wherever it lies and whoever made it, also one in her own scope.
#[test]
fn an_officer_of_the_district_opens_no_document() {
    for action in [
        Action::ReadDocument,
        Action::CreateDocument,
        Action::WriteDocument,
        Action::AddContact,
    ] {
        for kind in DocKind::ALL {
            for (home, scope) in [
                (VILLAGE, SCOPE),
                (SCOPE, SCOPE),
                (OTHER_VILLAGE, OTHER_SCOPE),
                (OTHER_SCOPE, OTHER_SCOPE),
            ] {
                for creator in [DEVICE, OTHER_DEVICE] {
                    let asked = document(kind, home, scope, creator);
                    let decision = decide(holder(Role::Officer), action, asked, Context::default());
                    assert_eq!(
                        decision,
                        Decision::Deny(Denial::Role),
                        "{action:?} {asked:?}"
                    );
                }
            }
        }
    }
}

/// A village that only knows of a child reads its file and adds contacts to it; whoever stands in for that village, and
/// other kinds of documents, are not in it.
#[test]
fn a_guest_reads_a_childs_file_and_adds_contacts_to_it() {
    let asks = |action, kind, guest| {
        let resource = Resource::Document {
            kind,
            home_unit: OTHER_VILLAGE,
            scope: SCOPE,
            creator: OTHER_DEVICE,
            guest: Some(guest),
        };
        decide(holder(Role::Director), action, resource, Context::default()).is_allowed()
    };
    for action in Action::ALL {
        let is_open = matches!(action, Action::ReadDocument | Action::AddContact);
        assert_eq!(asks(action, DocKind::Child, VILLAGE), is_open, "{action:?}");
        assert!(!asks(action, DocKind::Child, SCOPE), "{action:?}");
        for kind in DocKind::ALL {
            assert!(kind == DocKind::Child || !asks(action, kind, VILLAGE));
        }
    }
}

#[test]
fn an_action_on_the_wrong_thing_is_refused() {
    let decision = decide(
        holder(Role::Supervisor),
        Action::ReadDocument,
        Resource::Scope(SCOPE),
        Context::default(),
    );
    assert_eq!(decision, Decision::Deny(Denial::Mismatch));
}
