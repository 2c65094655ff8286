//! How much of a file's field a screen shows, and what it takes to see the rest (domain.md §1.3).
//!
//! What the domain page calls a default a deployment may set otherwise, by its policy pack ([`Setting`]). What is law is
//! here and nowhere else: HIV is never seen in a village, and sealed words are for who handles them.

use super::Standing;
use ids::Role;

/// What a field is about, as far as that decides who sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Block {
    /// Name, household, school: everybody who holds the file.
    Basic,
    /// The number of an identity card.
    IdNumber,
    /// A telephone number.
    Phone,
    /// What a psychological assessment says beyond its level.
    Psychology,
    /// HIV status, wherever it stands outside the sealed document.
    Hiv,
    /// The words of a sealed document.
    SealedNote,
    /// Whom a matter with sealed words is about, what kind it is, what was said of it, and who reported it (P-25).
    CaseIdentity,
}

impl Block {
    /// All blocks, for tables and tests.
    pub const ALL: [Block; 7] = [
        Block::Basic,
        Block::IdNumber,
        Block::Phone,
        Block::Psychology,
        Block::Hiv,
        Block::SealedNote,
        Block::CaseIdentity,
    ];
}

/// How a field appears before anybody asks for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sight {
    /// As it is.
    Shown,
    /// That it is there, and enough to tell one from another.
    Masked,
    /// As if it were not there.
    Hidden,
}

/// What it takes to see a masked field (看一下). Either way a line of the trail is written first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reveal {
    /// A tap.
    Tap,
    /// The PIN once more.
    StepUp,
    /// 紧急查看: a reason, the PIN once more, a notice to the head and the handler, and a review afterwards.
    BreakGlass,
}

/// What the deployment says of a field, where it may say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setting {
    /// Show it.
    Shown,
    /// Mask it, and show it on a tap.
    Tap,
    /// Mask it, and show it for the PIN.
    StepUp,
}

/// What else matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldContext {
    /// How the asker's membership stands.
    pub standing: Standing,
    /// What the policy pack says, if anything.
    pub setting: Option<Setting>,
    /// What the asker has to do with the case the words belong to.
    pub handling: Handling,
}

/// What somebody has to do with the case sealed words belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Handling {
    /// A colleague like any other.
    #[default]
    Colleague,
    /// Named to handle it (经办人).
    Handler,
    /// Opened it urgently a moment ago (紧急查看).
    BrokeGlass,
    /// Reported it herself.
    Reporter,
    /// Not to act for this family (回避): a relative, or involved herself.
    Recused,
}

/// How a field appears to somebody.
pub fn field(role: Role, block: Block, context: FieldContext) -> Sight {
    decide(role, block, context).0
}

/// What it takes to see it whole; none where it is seen already, or never.
pub fn reveal(role: Role, block: Block, context: FieldContext) -> Option<Reveal> {
    decide(role, block, context).1
}

fn decide(role: Role, block: Block, context: FieldContext) -> (Sight, Option<Reveal>) {
    // Write-only, not a member, or of the district: nothing that was written is shown.
    if context.standing != Standing::Active || role == Role::Officer {
        return HIDDEN;
    }
    let by_setting = |default| match context.setting.unwrap_or(default) {
        Setting::Shown => SHOWN,
        Setting::Tap => (Sight::Masked, Some(Reveal::Tap)),
        Setting::StepUp => (Sight::Masked, Some(Reveal::StepUp)),
    };
    match (block, role) {
        (Block::Basic, _) => SHOWN,
        (Block::IdNumber, _) => by_setting(Setting::StepUp),
        (Block::Phone, _) => by_setting(Setting::Tap),
        (Block::Psychology, Role::Director) => MASKED,
        (Block::Psychology, _) => SHOWN,
        // The named officer reads it in the sealed document; elsewhere it has no place.
        (Block::Hiv, _) => HIDDEN,
        // Her own report too: what was handed in is the station's.
        (Block::SealedNote, Role::Director) => HIDDEN,
        // Whoever is involved herself opens nothing of it, whatever her role and however urgent.
        (Block::SealedNote, _) if context.handling == Handling::Recused => HIDDEN,
        // Whoever opened it urgently gave the PIN for that hour.
        (Block::SealedNote, Role::Supervisor | Role::Head)
            if context.handling == Handling::BrokeGlass =>
        {
            SHOWN
        }
        // The head is told of every opening and reviews it, so she reads what it is about.
        (Block::SealedNote, Role::Head) => (Sight::Masked, Some(Reveal::StepUp)),
        (Block::SealedNote, Role::Supervisor) => match context.handling {
            Handling::Handler => (Sight::Masked, Some(Reveal::StepUp)),
            Handling::Colleague | Handling::Reporter => (Sight::Masked, Some(Reveal::BreakGlass)),
            Handling::BrokeGlass | Handling::Recused => HIDDEN,
        },
        // Lists say its number. One matter's page is a look of its own, which stands in the trail before the page is
        // shown: what helps a child in danger – which one, where, how grave – waits for nobody at the station.
        (Block::CaseIdentity, _) if context.handling == Handling::Recused => MASKED,
        (Block::CaseIdentity, Role::Head) => SHOWN,
        (Block::CaseIdentity, Role::Supervisor) => match context.handling {
            Handling::Colleague => (Sight::Masked, Some(Reveal::Tap)),
            Handling::Handler | Handling::BrokeGlass | Handling::Reporter | Handling::Recused => {
                SHOWN
            }
        },
        // Another director of the village, or who stands in for it, does what is to be done under the number.
        (Block::CaseIdentity, Role::Director) => match context.handling {
            Handling::Reporter => SHOWN,
            _ => MASKED,
        },
        (Block::SealedNote | Block::CaseIdentity, Role::Officer) => HIDDEN,
    }
}

const SHOWN: (Sight, Option<Reveal>) = (Sight::Shown, None);
const MASKED: (Sight, Option<Reveal>) = (Sight::Masked, None);
const HIDDEN: (Sight, Option<Reveal>) = (Sight::Hidden, None);
