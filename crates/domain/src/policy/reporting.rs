//! What a pack says of problems: their types, the cards and the urgency they are reported with, and the mandatory page.

use crate::code_list::CodeItem;
use serde::{Deserialize, Serialize};

/// A type of problem (domain.md §6.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemType {
    /// Stable code.
    pub code: String,
    /// Chinese label.
    pub label: String,
    /// Default severity: S1, S2, S3, S4.
    pub severity: String,
    /// Who leads.
    #[serde(default)]
    pub lead: Vec<String>,
    /// Days until due; 0 is now. `[REC]`
    #[serde(default)]
    pub due_days: u32,
    /// Free text goes to the `restricted` document (decisions 4).
    #[serde(default)]
    pub restricted: bool,
    /// Opens the mandatory-report page.
    #[serde(default)]
    pub mandatory: bool,
}

/// A card of the report screen (decisions 21).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemCard {
    /// Stable code.
    pub code: String,
    /// Plain words.
    pub label: String,
    /// A second line with examples.
    #[serde(default)]
    pub hint: String,
    /// Main problem type it stands for.
    pub problem: String,
    /// Types that may be meant more precisely: whoever reports may tap one, and the station may set it.
    #[serde(default)]
    pub also: Vec<String>,
}

/// How soon, in plain words (decisions 21).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Urgency {
    /// `now`, `days`, `later`.
    pub code: String,
    /// 现在有危险.
    pub label: String,
    /// How grave it makes a matter at least, S1 to S4; S4 leaves it as grave as its type is.
    pub severity: String,
}

/// The static page with numbers, do-nots and situations (domain.md §6.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MandatoryPage {
    /// Title.
    pub title: String,
    /// Numbers to call, in order: the code is the number.
    pub numbers: Vec<CodeItem>,
    /// What not to do.
    pub do_nots: Vec<String>,
    /// The nine situations.
    pub situations: Vec<String>,
    /// What became of it is asked so many days after the call.
    pub feedback_days: Vec<u32>,
    /// The code of POLICE_FEEDBACK that says nothing was heard yet.
    pub no_feedback: String,
    /// Which of the numbers are the police, who have to say what became of a call.
    pub police: String,
}

impl Default for MandatoryPage {
    fn default() -> Self {
        Self {
            title: String::new(),
            numbers: Vec::new(),
            do_nots: Vec::new(),
            situations: Vec::new(),
            feedback_days: Vec::new(),
            no_feedback: String::new(),
            police: "110".to_owned(),
        }
    }
}
