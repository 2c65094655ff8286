//! The app as a whole: which door it stands at, who is inside.

use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Where the app stands. The shell's router shows exactly one screen group per stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// No store in this folder and no enrolment: show the enrol screen.
    Fresh,
    /// Key exchange done, the two sides compare the six digits.
    Comparing,
    /// A request is carried to a station that has no network; digits are typed and compared, the answer is read.
    Asking,
    /// Confirmed by the station; the person chooses a PIN.
    ChoosePin,
    /// Several people use this device: who is it?
    Picking,
    /// A store exists and is locked.
    Locked,
    /// No PIN opens it, or hers is forgotten: the district is asked.
    Recovering,
    /// Unlocked; the first download has not finished, nothing is computed yet.
    Loading,
    /// Unlocked and ready.
    Ready,
    /// The station stopped this device: one page says so, and what it held is handed over.
    Stopped,
}

/// Which shell to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ShellKind {
    /// A director's tablet.
    Tablet,
    /// A township station.
    Station,
    /// An officer of the district.
    District,
}

/// The app's state, asked for at start and after every change event.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AppView {
    /// Where the app stands.
    pub stage: Stage,
    /// Tablet, station or district; before enrolment what the process was started as.
    pub shell: ShellKind,
    /// Synthetic data only: show the 演示数据 mark.
    pub demo: bool,
    /// Today's civil date.
    pub today: String,
    /// Name of the person using it, once enrolled.
    pub person: Option<String>,
    /// Village or station name, once enrolled.
    pub unit: Option<String>,
    /// Township name, once enrolled.
    pub township: Option<String>,
    /// Six digits to compare, in stage comparing, and in stage asking once the station's digits were typed.
    pub compare_code: Option<String>,
    /// The text of the file that goes to the station, in stage asking.
    pub request: Option<String>,
    /// Seconds to wait before the next PIN may be tried, 0 when none.
    pub pin_wait_seconds: u64,
    /// Wrong PINs so far.
    pub pin_wrong: u32,
    /// No PIN opens this account any more; the district has to be asked.
    pub recovery_needed: bool,
    /// What the district is asked, in stage recovering.
    pub recovery: Option<RescueView>,
    /// Whose door this is: who is inside, or whom it waits for.
    pub account: Option<AccountView>,
    /// Everybody with an account here, while nobody is inside.
    pub accounts: Vec<AccountView>,
    /// How this device locks by itself.
    pub lock_rules: LockRulesView,
    /// First download: documents received and expected, in stage loading; in stage choose_pin what a station without a
    /// network gave of the village, and how much there is.
    pub loading: Option<LoadingView>,
    /// A file that could not be opened was moved aside here; null when all is well.
    pub moved_aside: Option<String>,
    /// Everything on this device was destroyed just now, because the station wanted it.
    pub wiped: bool,
    /// How long it may be read without contact, once unlocked.
    pub lease: Option<LeaseView>,
    /// In stage stopped.
    pub stopped: Option<StoppedView>,
    /// She practises: nothing on the screens is anybody's, and nothing of it is sent.
    pub practice: bool,
}

/// How long this device may be read without contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LeaseView {
    /// Days in all.
    pub days: u32,
    /// Whole days left.
    pub days_left: u32,
    /// Only writing is possible until the next contact.
    pub over: bool,
    /// Few days are left: say so.
    pub warn: bool,
    /// The last contact, RFC 3339; null before the first.
    pub contact: Option<String>,
}

/// What a stopped device still holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StoppedView {
    /// Since when, RFC 3339.
    pub since: String,
    /// Changes the station does not have yet.
    pub unsent: u32,
    /// Forms that were begun and not saved.
    pub drafts: u32,
    /// Photos that were not sent.
    pub photos: u32,
    /// Rows of its trail the station does not have yet: who looked at what, and who tried to come in.
    pub trail: u32,
    /// It is to be wiped once they are handed over.
    pub wipe: bool,
}

/// Emptying a stopped device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ClearInput {
    /// Unsaved forms, photos and rows of the trail are not waited for any more.
    pub without_unsent: bool,
}

/// A child as it may be seen while only writing is possible: whom to write about, and nothing else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WritingRow {
    /// Child id.
    pub child: String,
    /// Name.
    pub name: String,
    /// Where the child lives.
    pub address: String,
    /// A form that was begun, to go on with.
    pub draft: Option<String>,
}

/// The page while only writing is possible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WritingView {
    /// How long it has been.
    pub lease: LeaseView,
    /// Whom to write about.
    pub children: Vec<WritingRow>,
    /// Records that wait for the network.
    pub unsent: u32,
}

/// How a device locks by itself, as the policy pack of the day says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LockRulesView {
    /// Minutes without a touch.
    pub idle_minutes: u32,
    /// Minutes without a touch on the visit form.
    pub visit_idle_minutes: u32,
    /// Seconds after the screen went dark.
    pub hidden_seconds: u32,
}

/// An account on this device: a role and a place, never a name, because anybody sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct AccountView {
    /// Which one.
    pub id: String,
    /// director or supervisor; null when the device cannot tell.
    pub role: Option<String>,
    /// Village or station.
    pub unit: Option<String>,
    /// Township.
    pub township: Option<String>,
    /// Records that wait to be sent; null when that is not known without the PIN.
    pub unsent: Option<u64>,
}

/// What a tablet shows to be opened by the district.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RescueView {
    /// The text.
    pub text: String,
    /// The same as a QR code.
    pub qr_svg: String,
    /// Six digits the district sees alike.
    pub compare_code: String,
}

/// What the district gave back.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecoverInput {
    /// The text.
    pub text: String,
}

/// Progress of the first download.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LoadingView {
    /// Documents here.
    pub done: u32,
    /// Documents expected; 0 while unknown.
    pub total: u32,
}

/// Typed enrolment: server address and the code the station shows.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct EnrolInput {
    /// host:port, or the whole text of the QR (then `code` is empty).
    pub address: String,
    /// Eight digits.
    pub code: String,
}

/// A text somebody typed or chose as a file.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TextInput {
    /// The text.
    pub text: String,
}

/// A PIN, six digits. Wiped when it goes, and no log can write it.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS, Zeroize, ZeroizeOnDrop)]
pub struct PinInput {
    /// Six digits.
    pub pin: String,
}

impl fmt::Debug for PinInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinInput")
    }
}

/// A new PIN in place of the old one. Wiped when it goes, and no log can write it.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS, Zeroize, ZeroizeOnDrop)]
pub struct ChangePinInput {
    /// The PIN so far.
    pub old: String,
    /// Six digits.
    pub new: String,
}

impl fmt::Debug for ChangePinInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangePinInput")
    }
}

/// What a refusal looks like to a screen: the code picks the words in the locale file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct UiError {
    /// Stable code, `errors.<code>` in the locale files.
    pub code: String,
    /// Values for the sentence's placeholders; never personal beyond what the screen already shows.
    pub params: std::collections::BTreeMap<String, String>,
}

/// The page 我的.
#[derive(Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MeView {
    /// Name.
    pub person: String,
    /// Village or station.
    pub unit: String,
    /// Township.
    pub township: String,
    /// App version.
    pub app_version: String,
    /// Policy pack names and validity, in words.
    pub packs: Vec<String>,
    /// Children in the list.
    pub children: u32,
    /// Records made on this tablet this month.
    pub records_this_month: u32,
    /// Record counts this month: visits, contacts, attempts, problems.
    pub month: MonthCountsView,
    /// Full device identifier, to read out on the phone.
    pub device: String,
    /// Digits of the station's key, to be compared with another device; none while none is known.
    pub unit_key: Option<String>,
}

/// Own records of the running month. A help for the monthly table, never a comparison of people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct MonthCountsView {
    /// Home visits.
    pub visits: u32,
    /// Contacts.
    pub contacts: u32,
    /// Attempts.
    pub attempts: u32,
    /// Problems reported.
    pub problems: u32,
}

/// A command about one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct IdInput {
    /// Its id.
    pub id: String,
}

/// Where the focus is in a visit form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PositionInput {
    /// Draft id.
    pub draft: String,
    /// `part/key`.
    pub position: String,
}

/// A record of a child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecordInput {
    /// Child id.
    pub child: String,
    /// Record id.
    pub record: String,
}

// Who somebody is and what they said stays out of logs.
ids::withhold!(
    AppView,
    WritingRow,
    RescueView,
    RecoverInput,
    EnrolInput,
    TextInput,
    MeView
);
