//! The checks behind [`super::decide`], in the order they are asked. Each refuses, or has nothing to say.
//!
//! They are a list and not one `match` so that a test can leave one out and see that somebody notices.

use super::{
    Action, Context, Decision, Denial, Holder, Resource, Row, Standing, Subject, What, Who,
};
use ids::{DocKind, Role};

/// What is asked, spread out for the checks.
pub(super) struct Question {
    action: Action,
    row: Row,
    subject: Subject,
    resource: Resource,
    context: Context,
}

impl Question {
    /// Who asks, where the action is not anyone's.
    fn holder(&self) -> Option<&Holder> {
        match &self.subject {
            Subject::Device(holder) if self.row.who != Who::Anyone => Some(holder),
            _ => None,
        }
    }

    /// A director, where it is one who asks.
    fn director(&self) -> Option<&Holder> {
        self.holder().filter(|holder| holder.role == Role::Director)
    }

    fn is_sealed(&self) -> bool {
        matches!(
            self.resource,
            Resource::Document {
                kind: DocKind::Restricted,
                ..
            }
        )
    }

    /// Something a director may do with a child's file her village only knows of (户籍村): read it, add a contact.
    fn is_guests(&self) -> bool {
        let (Some(holder), Resource::Document { kind, guest, .. }) =
            (self.director(), self.resource)
        else {
            return false;
        };
        let is_open = matches!(self.action, Action::ReadDocument | Action::AddContact);
        is_open && kind == DocKind::Child && guest == Some(holder.unit)
    }

    fn stands(&self, standing: Standing) -> bool {
        self.holder().is_some() && self.context.standing == standing
    }
}

/// A check: its name, why it refuses, and when.
pub(super) struct Check {
    /// As a test names it.
    pub name: &'static str,
    denial: Denial,
    refuses: fn(&Question) -> bool,
}

/// All of them, in order. What is asked about the asker comes before what is asked about the thing.
pub(super) const CHECKS: [Check; 17] = [
    Check {
        name: "the action goes with the thing",
        denial: Denial::Mismatch,
        refuses: |question| {
            !matches!(
                (question.row.what, question.resource),
                (What::Server, Resource::Server)
                    | (What::Scope, Resource::Scope(_))
                    | (What::Document, Resource::Document { .. })
            )
        },
    },
    Check {
        name: "the asker is known",
        denial: Denial::Unknown,
        refuses: |question| {
            question.subject == Subject::Stranger && question.row.who != Who::Anyone
        },
    },
    Check {
        name: "the operator only admits people",
        denial: Denial::Role,
        refuses: |question| {
            question.subject == Subject::Operator
                && question.row.who != Who::Anyone
                && !question.row.by_operator
        },
    },
    Check {
        name: "the device is not revoked",
        denial: Denial::Revoked,
        refuses: |question| question.stands(Standing::Revoked) && question.row.who != Who::Stopped,
    },
    Check {
        name: "only a stopped device hands over",
        denial: Denial::Role,
        refuses: |question| question.stands(Standing::Active) && question.row.who == Who::Stopped,
    },
    Check {
        name: "the membership is not over",
        denial: Denial::Expired,
        refuses: |question| question.stands(Standing::Expired),
    },
    Check {
        name: "the membership has begun",
        denial: Denial::NotYet,
        refuses: |question| question.stands(Standing::NotYet),
    },
    Check {
        name: "the lease runs",
        denial: Denial::LeaseOver,
        refuses: |question| question.stands(Standing::LeaseOver) && !question.row.outlives_lease,
    },
    Check {
        name: "the district opens no file and does no station's work",
        denial: Denial::Role,
        refuses: |question| {
            question.holder().is_some_and(|holder| {
                holder.role == Role::Officer
                    && !matches!(
                        question.row.who,
                        Who::Member | Who::StationOrDistrict | Who::District | Who::Stopped
                    )
            })
        },
    },
    Check {
        name: "it is the district's to do",
        denial: Denial::Role,
        refuses: |question| {
            question.holder().is_some_and(|holder| {
                question.row.who == Who::District && holder.role != Role::Officer
            })
        },
    },
    Check {
        name: "it is the station's to do",
        denial: Denial::Role,
        refuses: |question| {
            question.holder().is_some_and(|holder| {
                let is_districts =
                    question.row.who == Who::StationOrDistrict && holder.role == Role::Officer;
                matches!(
                    question.row.who,
                    Who::Station | Who::StationOrDistrict | Who::Head
                ) && !holder.role.is_at_station()
                    && !is_districts
            })
        },
    },
    Check {
        name: "it is the head's to do",
        denial: Denial::Role,
        refuses: |question| {
            question.holder().is_some_and(|holder| {
                question.row.who == Who::Head
                    && holder.role == Role::Supervisor
                    && !(question.context.headless && question.row.without_a_head)
            })
        },
    },
    Check {
        name: "it lies in the asker's township, or district",
        denial: Denial::Unit,
        refuses: |question| {
            question
                .holder()
                .is_some_and(|holder| match question.resource {
                    Resource::Server => false,
                    Resource::Scope(scope) | Resource::Document { scope, .. } => {
                        scope != holder.scope
                    }
                })
        },
    },
    Check {
        name: "sealed detail lies at the station",
        denial: Denial::Unit,
        refuses: |question| {
            matches!(question.resource, Resource::Document { kind: DocKind::Restricted, home_unit, scope, .. }
                if home_unit != scope && question.holder().is_some())
        },
    },
    Check {
        name: "a director works in her village and the one she stands in for, and as a guest",
        denial: Denial::Unit,
        refuses: |question| {
            let (Some(holder), Resource::Document { home_unit, .. }) =
                (question.director(), question.resource)
            else {
                return false;
            };
            let is_hers = home_unit == holder.unit || holder.covers == Some(home_unit);
            !question.is_sealed() && !is_hers && !question.is_guests()
        },
    },
    Check {
        name: "a director does not read sealed detail",
        denial: Denial::Kind,
        refuses: |question| {
            question.director().is_some()
                && question.is_sealed()
                && question.action == Action::ReadDocument
        },
    },
    Check {
        name: "a director adds only to the sealed detail this very tablet handed in",
        denial: Denial::Kind,
        refuses: |question| {
            let (Some(holder), Resource::Document { creator, .. }) =
                (question.director(), question.resource)
            else {
                return false;
            };
            question.is_sealed()
                && question.action != Action::ReadDocument
                && creator != holder.device
        },
    },
];

/// Decides with one check left out, by name; with all of them when none.
pub(super) fn decide_without(
    left_out: Option<&str>,
    subject: Subject,
    action: Action,
    resource: Resource,
    context: Context,
) -> Decision {
    let question = Question {
        action,
        row: super::row(action),
        subject,
        resource,
        context,
    };
    CHECKS
        .iter()
        .filter(|check| left_out != Some(check.name))
        .find(|check| (check.refuses)(&question))
        .map_or(Decision::Allow, |check| Decision::Deny(check.denial))
}
