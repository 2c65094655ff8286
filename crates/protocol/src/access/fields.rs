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
    decide(None, None, (role, block, context)).0
}

/// What it takes to see it whole; none where it is seen already, or never.
pub fn reveal(role: Role, block: Block, context: FieldContext) -> Option<Reveal> {
    decide(None, None, (role, block, context)).1
}

/// Who looks at what.
type Look = (Role, Block, FieldContext);
/// How it appears, and what it takes to see more.
type Appearance = (Sight, Option<Reveal>);

/// A rule: its name, what it is for, and how that appears. The first that fits is the answer; what none is for is hidden.
pub(super) struct Rule {
    /// As a test names it.
    pub name: &'static str,
    fits: fn(Look) -> bool,
    appears: Appearance,
}

const SHOWN: Appearance = (Sight::Shown, None);
const MASKED: Appearance = (Sight::Masked, None);
const HIDDEN: Appearance = (Sight::Hidden, None);
const FOR_A_TAP: Appearance = (Sight::Masked, Some(Reveal::Tap));
const FOR_THE_PIN: Appearance = (Sight::Masked, Some(Reveal::StepUp));
const URGENTLY: Appearance = (Sight::Masked, Some(Reveal::BreakGlass));

/// All of them, in order. They are a list and not one `match` so that a test can leave one out, or turn one round, and see
/// that somebody notices.
pub(super) const RULES: [Rule; 23] = [
    Rule {
        name: "write-only, or not a member: nothing that was written is shown",
        fits: |(_, _, context)| context.standing != Standing::Active,
        appears: HIDDEN,
    },
    Rule {
        name: "the district reads no file",
        fits: |(role, ..)| role == Role::Officer,
        appears: HIDDEN,
    },
    Rule {
        name: "the basics are for everybody who holds the file",
        fits: |(_, block, _)| block == Block::Basic,
        appears: SHOWN,
    },
    Rule {
        name: "the pack shows it",
        fits: |look| is_set(look, Setting::Shown),
        appears: SHOWN,
    },
    Rule {
        name: "the pack wants a tap",
        fits: |look| is_set(look, Setting::Tap),
        appears: FOR_A_TAP,
    },
    Rule {
        name: "the pack wants the PIN",
        fits: |look| is_set(look, Setting::StepUp),
        appears: FOR_THE_PIN,
    },
    Rule {
        name: "the number of an identity card takes the PIN",
        fits: |(_, block, _)| block == Block::IdNumber,
        appears: FOR_THE_PIN,
    },
    Rule {
        name: "a telephone number takes a tap",
        fits: |(_, block, _)| block == Block::Phone,
        appears: FOR_A_TAP,
    },
    Rule {
        name: "a director sees of an assessment that it is there",
        fits: |(role, block, _)| block == Block::Psychology && role == Role::Director,
        appears: MASKED,
    },
    Rule {
        name: "the station reads an assessment",
        fits: |(_, block, _)| block == Block::Psychology,
        appears: SHOWN,
    },
    // The named officer reads it in the sealed document; elsewhere it has no place.
    Rule {
        name: "HIV is shown nowhere",
        fits: |(_, block, _)| block == Block::Hiv,
        appears: HIDDEN,
    },
    // Her own report too: what was handed in is the station's.
    Rule {
        name: "a director reads no sealed words",
        fits: |(role, block, _)| block == Block::SealedNote && role == Role::Director,
        appears: HIDDEN,
    },
    // Whoever is involved herself opens nothing of it, whatever her role and however urgent.
    Rule {
        name: "who is not to act opens no sealed words",
        fits: |look| is_handling(look, Block::SealedNote, Handling::Recused),
        appears: HIDDEN,
    },
    // Whoever opened it urgently gave the PIN for that hour.
    Rule {
        name: "what was opened urgently is open",
        fits: |look| is_handling(look, Block::SealedNote, Handling::BrokeGlass),
        appears: SHOWN,
    },
    // The head is told of every opening and reviews it, so she reads what it is about.
    Rule {
        name: "the head reads sealed words for the PIN",
        fits: |(role, block, _)| block == Block::SealedNote && role == Role::Head,
        appears: FOR_THE_PIN,
    },
    Rule {
        name: "who handles it reads sealed words for the PIN",
        fits: |look| is_handling(look, Block::SealedNote, Handling::Handler),
        appears: FOR_THE_PIN,
    },
    Rule {
        name: "a colleague opens sealed words urgently",
        fits: |(_, block, _)| block == Block::SealedNote,
        appears: URGENTLY,
    },
    // Lists say its number. One matter's page is a look of its own, which stands in the trail before the page is shown:
    // what helps a child in danger – which one, where, how grave – waits for nobody at the station.
    Rule {
        name: "who is not to act sees a sealed matter's number",
        fits: |look| is_handling(look, Block::CaseIdentity, Handling::Recused),
        appears: MASKED,
    },
    Rule {
        name: "the head sees whom a sealed matter is about",
        fits: |(role, block, _)| block == Block::CaseIdentity && role == Role::Head,
        appears: SHOWN,
    },
    Rule {
        name: "a colleague at the station sees it on a tap",
        fits: |look| {
            look.0 == Role::Supervisor
                && is_handling(look, Block::CaseIdentity, Handling::Colleague)
        },
        appears: FOR_A_TAP,
    },
    Rule {
        name: "who has to do with it at the station sees whom it is about",
        fits: |(role, block, _)| block == Block::CaseIdentity && role == Role::Supervisor,
        appears: SHOWN,
    },
    Rule {
        name: "who reported it sees whom it is about",
        fits: |look| is_handling(look, Block::CaseIdentity, Handling::Reporter),
        appears: SHOWN,
    },
    // Another director of the village, or who stands in for it, does what is to be done under the number.
    Rule {
        name: "everybody else does what is to be done under the number",
        fits: |(_, block, _)| block == Block::CaseIdentity,
        appears: MASKED,
    },
];

/// Whether the pack says this of a field it may say something of.
fn is_set((_, block, context): Look, setting: Setting) -> bool {
    matches!(block, Block::IdNumber | Block::Phone) && context.setting == Some(setting)
}

fn is_handling((_, block, context): Look, of: Block, handling: Handling) -> bool {
    block == of && context.handling == handling
}

/// Decides with one rule left out, or one turned round, by name; as it is when none is named.
pub(super) fn decide(left_out: Option<&str>, turned: Option<&str>, look: Look) -> Appearance {
    let found = RULES
        .iter()
        .filter(|rule| left_out != Some(rule.name))
        .find(|rule| (rule.fits)(look));
    match found {
        None => HIDDEN,
        Some(rule) if turned == Some(rule.name) && rule.appears == SHOWN => HIDDEN,
        Some(rule) if turned == Some(rule.name) => SHOWN,
        Some(rule) => rule.appears,
    }
}
