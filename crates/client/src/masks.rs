//! How much of a file's fields this person sees, and looking behind a mask (看一下): [`protocol::access::field`] decides,
//! and a line of the trail is written before anything is shown.

use crate::children::raw_value;
use crate::conflicts;
use crate::error::ClientError;
use crate::looks;
use crate::returned;
use crate::roster::Roster;
use crate::rows;
use crate::tablet::Tablet;
use crate::view::{RevealFieldInput, RevealedView};
use crate::visits::masked::{self, Behind};
use domain::file::FieldRule;
use domain::import::FieldSort;
use domain::policy::Mask;
use domain::{identity_number, phone};
use ids::DocumentId;
use protocol::access::{
    self, Action, Block, Context, Decision, FieldContext, Handling, Holder, Resource, Reveal,
    Setting, Sight, Standing, Subject,
};
use store::audit::{self, AuditRow};

/// So many hidden places in which values differ are shown to whoever must choose between them: a slip of the pen is that
/// long, a number is longer.
const APART: usize = 3;

/// How this person sees one field.
pub(crate) struct View {
    sight: Sight,
    /// What it takes to see the rest; none where there is no rest, or never.
    pub reveal: Option<Reveal>,
    block: Block,
}

impl View {
    /// The raw value may go to the screen.
    pub fn is_open(&self) -> bool {
        self.sight == Sight::Shown
    }

    /// The value as it is drawn; nothing where it is hidden.
    pub fn text(&self, value: &str) -> Option<String> {
        match (self.sight, self.block) {
            (Sight::Hidden, _) => None,
            (Sight::Shown, _) => Some(value.to_owned()),
            (Sight::Masked, Block::Phone) => Some(phone::mask(value)),
            (Sight::Masked, _) => Some(identity_number::mask(value)),
        }
    }

    /// Several values of one field beside each other. Where they differ in few places those are shown, for whoever must
    /// choose one; two numbers that have nothing in common would be shown nearly whole, and stay masked.
    pub fn texts_apart(&self, values: &[String]) -> Vec<String> {
        let letters_of = |text: &str| text.chars().collect::<Vec<char>>();
        let letters: Vec<Vec<char>> = values.iter().map(|value| letters_of(value)).collect();
        let masked: Vec<Vec<char>> = values
            .iter()
            .map(|value| letters_of(&self.text(value).unwrap_or_default()))
            .collect();
        let filled: Vec<&Vec<char>> = letters.iter().filter(|one| !one.is_empty()).collect();
        let length = filled.first().map_or(0, |first| first.len());
        let lines_up = filled.iter().all(|one| one.len() == length)
            && std::iter::zip(&masked, &letters).all(|(masked, whole)| masked.len() == whole.len());
        let differing: Vec<usize> = (0..length)
            .filter(|at| masked.iter().any(|one| one.get(*at) == Some(&'*')))
            .filter(|at| {
                let first = filled.first().and_then(|one| one.get(*at));
                filled.iter().any(|one| one.get(*at) != first)
            })
            .collect();
        let is_slip = lines_up && differing.len() <= APART;
        std::iter::zip(masked, &letters)
            .map(|(masked, whole)| {
                let letters = std::iter::zip(masked, whole).enumerate();
                let shown = |at: usize| is_slip && differing.contains(&at);
                let drawn = letters.map(|(at, (masked, letter))| match masked {
                    '*' if shown(at) => *letter,
                    masked => masked,
                });
                drawn.collect()
            })
            .collect()
    }
}

impl Tablet {
    /// Who holds this device, as the access decision knows them.
    pub(crate) fn holder(&self) -> Holder {
        let me = &self.identity;
        Holder {
            device: me.device,
            staff: me.staff,
            role: me.role,
            unit: me.unit,
            scope: me.scope,
            // Documents are here or not; only what concerns the township is asked about on a tablet.
            covers: None,
        }
    }

    /// Refuses what this person may not do in the township, and what reaches far without the PIN once more. The server
    /// decides again; here nobody is asked for a PIN in vain.
    ///
    /// # Errors
    /// `not_allowed`, `pin_again`.
    pub(crate) fn require(&self, action: Action) -> Result<(), ClientError> {
        self.require_in(action, Context::default())
    }

    /// The same, where more matters than who asks.
    ///
    /// # Errors
    /// As [`Self::require`].
    pub(crate) fn require_in(&self, action: Action, context: Context) -> Result<(), ClientError> {
        let holder = self.holder();
        let subject = Subject::Device(holder);
        let scope = Resource::Scope(holder.scope);
        if access::decide(subject, action, scope, context) != Decision::Allow {
            return Err(ClientError::new("not_allowed"));
        }
        if access::wants_pin(action) {
            self.require_step_up()?;
        }
        Ok(())
    }

    /// How this person sees a field of the child's file.
    pub(crate) fn sees(&self, field: &FieldRule) -> View {
        self.sees_block(block_of(field))
    }

    /// How this person sees what stands in a block.
    pub(crate) fn sees_block(&self, block: Block) -> View {
        self.sees_case(block, Handling::Colleague)
    }

    /// The same, where it matters what this person has to do with the case.
    pub(crate) fn sees_case(&self, block: Block, handling: Handling) -> View {
        let masks = self.rules().masks;
        let setting = |mask| match mask {
            Mask::Shown => Setting::Shown,
            Mask::Tap => Setting::Tap,
            Mask::StepUp => Setting::StepUp,
        };
        let context = FieldContext {
            standing: Standing::Active,
            setting: match block {
                Block::IdNumber => Some(setting(masks.id_number)),
                Block::Phone => Some(setting(masks.phone)),
                _ => None,
            },
            handling,
        };
        let role = self.identity.role;
        View {
            sight: access::field(role, block, context),
            reveal: access::reveal(role, block, context),
            block,
        }
    }
}

/// What a field is about: what its pack says, and for numbers what they are, whatever a pack says.
fn block_of(field: &FieldRule) -> Block {
    match (field.mask.as_deref(), field.kind.as_str()) {
        (Some(mask), _) => block_behind(mask),
        (None, "phone") => Block::Phone,
        (None, "id_no" | "certificate") => Block::IdNumber,
        (None, _) => Block::Basic,
    }
}

/// What is behind a mask that a pack names. One this app does not know is as strict as the strictest.
pub(crate) fn block_behind(mask: &str) -> Block {
    match mask {
        "psychology" => Block::Psychology,
        "phone" => Block::Phone,
        _ => Block::IdNumber,
    }
}

/// What an import says of a field's values, where they are numbers.
pub(crate) fn sort_of(field: &FieldRule) -> Option<FieldSort> {
    match block_of(field) {
        Block::IdNumber => Some(FieldSort::IdNumber),
        Block::Phone => Some(FieldSort::Phone),
        _ => None,
    }
}

/// Shows one field whole, after the trail says so.
///
/// # Errors
/// `not_found`, `not_allowed`, `pin_again`; `disk_full` when the trail cannot be written: then nothing is shown.
pub fn reveal_field(
    tablet: &Tablet,
    input: &RevealFieldInput,
) -> Result<RevealedView, ClientError> {
    let packs = tablet.packs();
    let answer = answer(tablet, input)?;
    let found = if let Some((field, document, text)) = &answer {
        Some((field, *document, text.clone()))
    } else if input.holder == conflicts::HOLDER {
        conflicts::value(tablet, &input.key)?.and_then(|contested| {
            let field = packs.field(contested.holder, &contested.key)?;
            Some((field, contested.document, contested.text))
        })
    } else if input.holder == returned::HOLDER {
        returned::value(tablet, &input.key)?
            .and_then(|(document, key, text)| Some((packs.field("child", &key)?, document, text)))
    } else {
        let roster = Roster::read(tablet)?;
        let child = roster.child_or_guest(&input.child)?;
        let household = roster.household_of(child);
        match packs.field(&input.holder, &input.key) {
            _ if input.holder == rows::HOLDER => {
                let codes = packs.rules_on(roster.today);
                rows::value(&packs.file, codes, child, household, &input.key)
            }
            Some(field) => {
                raw_value(field, child, household).map(|(document, text)| (field, document, text))
            }
            None => None,
        }
    };
    let (field, document, text) = found.ok_or_else(|| ClientError::new("not_found"))?;
    let view = tablet.sees(field);
    match view.reveal {
        Some(Reveal::StepUp) => tablet.require_step_up()?,
        Some(Reveal::Tap) => {}
        // Words of a case have a way of their own.
        Some(Reveal::BreakGlass) => return Err(ClientError::new("not_allowed")),
        None if view.is_open() => {}
        None => return Err(ClientError::new("not_allowed")),
    }
    // The reserve is kept for words that are written, not for looks.
    let row = shown_row(tablet, document, &field.key);
    tablet.store.write_fetched(|tx| audit::append(tx, &row))?;
    Ok(RevealedView {
        text,
        seconds: tablet.rules().reveal_seconds,
    })
}

/// An answer of a visit whose field is masked; none where something else is asked for.
fn answer(tablet: &Tablet, input: &RevealFieldInput) -> Result<Option<Behind>, ClientError> {
    match input.holder.as_str() {
        masked::SAVED => {
            let roster = Roster::read(tablet)?;
            let child = roster.child(&input.child)?;
            masked::saved(tablet, &roster, child, &input.key)
        }
        masked::OPEN => masked::open(tablet, &input.child, &input.key),
        _ => Ok(None),
    }
}

/// The row of the trail that a field was shown whole.
pub(crate) fn shown_row(tablet: &Tablet, document: DocumentId, key: &str) -> AuditRow {
    looks::row(tablet, "field_shown", &format!("{document}/{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(sight: Sight, block: Block) -> View {
        View {
            sight,
            reveal: None,
            block,
        }
    }

    #[test]
    fn two_masked_numbers_that_are_chosen_between_show_where_they_differ() {
        let phone = view(Sight::Masked, Block::Phone);
        let values = ["10000000017".to_owned(), "10000050017".to_owned()];
        assert_eq!(phone.texts_apart(&values), ["100***00017", "100***50017"]);
        assert_eq!(phone.text("10000000017").as_deref(), Some("100****0017"));
    }

    #[test]
    fn two_numbers_that_have_nothing_in_common_stay_masked() {
        let number = view(Sight::Masked, Block::IdNumber);
        let values = ["310199201603150018", "31019919800229007X", ""].map(str::to_owned);
        assert_eq!(
            number.texts_apart(&values),
            ["310199********0018", "310199********007X", ""]
        );
        // Three places at most are a slip of the pen.
        let slip = ["310199201603150018", "310199201612220018"].map(str::to_owned);
        assert_eq!(
            number.texts_apart(&slip),
            ["310199********0018", "310199********0018"],
            "four places"
        );
        let slip = ["310199201603150018", "310199201601240018"].map(str::to_owned);
        assert_eq!(
            number.texts_apart(&slip),
            ["310199*****3150018", "310199*****1240018"]
        );
        let lengths = ["10000000017", "1000000017"].map(str::to_owned);
        let phone = view(Sight::Masked, Block::Phone);
        assert_eq!(phone.texts_apart(&lengths), ["100****0017", "100***0017"]);
    }

    #[test]
    fn numbers_are_masked_by_what_they_are_and_an_unknown_mask_is_the_strictest() {
        let rule = |kind: &str, mask: Option<&str>| FieldRule {
            key: "x".into(),
            label: "x".into(),
            kind: kind.into(),
            holder: "child".into(),
            list: None,
            mask: mask.map(str::to_owned),
            need: false,
            when: Vec::new(),
        };
        assert_eq!(block_of(&rule("phone", None)), Block::Phone);
        assert_eq!(block_of(&rule("id_no", None)), Block::IdNumber);
        assert_eq!(block_of(&rule("text", Some("new"))), Block::IdNumber);
        assert_eq!(
            block_of(&rule("text", Some("psychology"))),
            Block::Psychology
        );
        assert_eq!(block_of(&rule("text", None)), Block::Basic);
    }

    #[test]
    fn what_is_hidden_is_not_drawn() {
        assert_eq!(view(Sight::Hidden, Block::Hiv).text("x"), None);
        assert!(!view(Sight::Masked, Block::Psychology).is_open());
    }
}
