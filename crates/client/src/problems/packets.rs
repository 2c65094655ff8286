//! 转介材料: what leaves the station with a referral (P-14, docs/adr/0047). The policy says which fields a body is given; a
//! person takes some away, or adds from a short list with a reason. The workbook itself is made in `office`.
//!
//! That a packet was made, and what became of it, are events of the problem's document; the file is one of the station's
//! short-lived exports, under a number and with a row of the trail.

use super::acts::{self, REFERRAL_BODY};
use super::room::{self, Place, Room, Told};
use crate::contacts::{note, options};
use crate::error::ClientError;
use crate::exports::{self, PACKET};
use crate::looks;
use crate::masks;
use crate::nouns::Noun;
use crate::records;
use crate::rights;
use crate::roster::{Roster, RosterChild};
use crate::rows;
use crate::standing;
use crate::system;
use crate::tablet::Tablet;
use crate::view::{
    ExportInput, ExportMadeView, OptionView, PacketDueRow, PacketFieldView, PacketFormInput,
    PacketFormView, PacketInput, PacketRow, PacketsView, ProblemDetailInput,
};
use chrono::NaiveDate;
use domain::calendar::{add_days, full_date_words};
use domain::file::FieldRule;
use domain::import::FieldSort;
use domain::problem::packet::{End, Packet, PacketRule, Standing};
use domain::problem::{Detail, EventKind, Problem};
use ids::{DocumentId, Role};
use store::audit;
use store::exports::{self as kept, ExportRow};

/// A heading, and label and value of each line below it.
pub type Part = (String, Vec<(String, String)>);

/// The policy's list of what a packet is for.
pub(crate) const PURPOSE: &str = "PACKET_PURPOSE";
/// Most characters of a line somebody writes on it.
const WORDS: usize = 200;

/// Everything that is decided before the file of a packet is made.
pub struct PreparedPacket {
    /// Its number.
    pub number: String,
    /// Who, which unit, when, which number: the line on every page.
    pub line: String,
    /// To whom, what for, and until when: the other line on every page.
    pub mark: String,
    /// Name of the file without its ending.
    pub name: String,
    /// Opens it; kept nowhere.
    pub password: String,
    /// Who is given it, what for, why and until when: label and value.
    pub head: Vec<(String, String)>,
    /// The matter, and each child.
    pub parts: Vec<Part>,
    children: u32,
    detail: Detail,
    text: String,
}

/// What is asked before a packet is made.
///
/// # Errors
/// `not_allowed`, `recused`, `not_found`, `packet_unruled`, `still_loading`.
pub fn packet_form(
    tablet: &Tablet,
    input: &PacketFormInput,
) -> Result<PacketFormView, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.problem)?;
    let told = may_make(&room, noun)?;
    let (referral, body) = referral(&room, noun, &told, input.referral.as_deref())?;
    let rule = rule(&room, noun, &told, &body)?;
    let fields = rule.fields.iter().map(|key| (key, true));
    let more = rule.more.iter().map(|key| (key, false));
    Ok(PacketFormView {
        problem: noun.id.to_string(),
        title: room.title(noun)?,
        referrals: referrals(&room, noun, &told),
        referral,
        to: room.pack.label(REFERRAL_BODY, &body).to_owned(),
        purposes: purposes(&room, rule),
        fields: fields
            .chain(more)
            .map(|(key, given)| PacketFieldView {
                key: key.clone(),
                label: label(&room, key),
                given,
                masked: exports::is_number(key.rsplit('.').next().unwrap_or(key)),
            })
            .collect(),
        days: rule.days,
        until: add_days(tablet.today(), rule.days).to_string(),
        receipt_days: room.pack.packets.receipt_days,
        minutes: room.pack.rules.export_file_minutes,
        words_sealed: room::is_sealed(&noun.noun),
    })
}

/// Gathers what a packet carries: for the PIN, by a person who handles the matter and is not recused, and only what the
/// policy lets this body have.
///
/// # Errors
/// `not_allowed`, `recused`, `pin_again`, `not_found`, `packet_unruled`, `packet_limited`, `purpose_missing`,
/// `name_missing`, `reason_missing`, `choice_missing`, `date_invalid`, `value_invalid`, `too_large`.
pub fn prepare(tablet: &Tablet, input: &PacketInput) -> Result<PreparedPacket, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.problem)?;
    let told = may_make(&room, noun)?;
    tablet.require_step_up()?;
    let (referral, body) = referral(&room, noun, &told, Some(&input.referral))?;
    let rule = rule(&room, noun, &told, &body)?;
    if !purposes(&room, rule)
        .iter()
        .any(|one| one.code == input.purpose)
    {
        return Err(ClientError::new("purpose_missing"));
    }
    let who = line_of(&input.who, "name_missing")?;
    let words = line_of(&input.words, "purpose_missing")?;
    let reason = note(&input.reason)?;
    let fields = chosen(rule, &input.fields, &reason)?;
    let until = until(tablet, rule, &input.until)?;

    let roster = Roster::read(tablet)?;
    let children = concerned(tablet, &roster, &noun.noun, rule)?;
    // Whoever takes it signs for what is in it: a field that says nothing of anybody is not given.
    let mut given = Vec::new();
    for key in fields {
        let alone = std::slice::from_ref(&key);
        if !parts(&room, noun, &told, &roster, &children, alone)?.is_empty() {
            given.push(key);
        }
    }
    if given.is_empty() {
        return Err(ClientError::new("choice_missing"));
    }
    let number = exports::number(tablet, 'E')?;
    let to = format!("{} {who}", room.pack.label(REFERRAL_BODY, &body));
    let purpose = room.pack.label(PURPOSE, &input.purpose).to_owned();
    let last = full_date_words(until);
    let mark = format!("仅供{to}用于“{purpose}”，请于{last}前销毁或退还");
    let mut text = format!("{who}：{words}");
    if !reason.is_empty() {
        text = format!("{text}\n多给几栏的原因：{reason}");
    }
    let head = [
        ("交给", to),
        ("用途", purpose),
        ("请对方", words),
        ("编号", number.clone()),
        (
            "用到",
            format!("{last}，请在这天以前销毁或退还，并告诉我们"),
        ),
        ("出自", tablet.township()),
    ];
    let own = |lines: [(&str, String); 6]| {
        lines
            .map(|(label, value)| (label.to_owned(), value))
            .to_vec()
    };
    Ok(PreparedPacket {
        line: exports::line(tablet, &number),
        mark,
        name: format!("{}转介材料-{number}", tablet.township()),
        password: exports::password(tablet),
        head: own(head),
        parts: parts(&room, noun, &told, &roster, &children, &given)?,
        children: u32::try_from(children.len()).unwrap_or(u32::MAX),
        detail: Detail {
            body: Some(body),
            referral: Some(referral),
            due: Some(until),
            number: Some(number.clone()),
            purpose: Some(input.purpose.clone()),
            fields: given,
            ..Detail::default()
        },
        text,
        number,
    })
}

impl PreparedPacket {
    /// How many children's particulars are in it.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.children as usize
    }
}

/// Checks what a second person is asked about: of how many children such a packet would tell at most.
///
/// # Errors
/// `not_allowed`, `recused`, `pin_again`, `not_found`, `packet_unruled`, `purpose_missing`, `choice_missing`, `value_invalid`.
pub(crate) fn may_ask(
    tablet: &Tablet,
    problem: &str,
    input: &ExportInput,
) -> Result<usize, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(problem)?;
    let told = may_make(&room, noun)?;
    tablet.require_step_up()?;
    let (wanted, fields) = input
        .fields
        .split_first()
        .ok_or_else(|| ClientError::new("choice_missing"))?;
    let (_, body) = referral(&room, noun, &told, Some(wanted))?;
    let rule = rule(&room, noun, &told, &body)?;
    if !purposes(&room, rule)
        .iter()
        .any(|one| one.code == input.purpose)
    {
        return Err(ClientError::new("purpose_missing"));
    }
    line_of(&input.words, "purpose_missing")?;
    require_known(rule, fields)?;
    Ok(noun.noun.children.len())
}

/// What a second person is asked to agree to: to whom a packet goes and what is in it.
pub(crate) struct Agreed {
    /// The referral, and the columns' keys.
    pub(crate) keys: Vec<String>,
    /// The same in words.
    pub(crate) words: Vec<String>,
}

/// Finds it among what the matter's bodies may be given, for whoever is told what left with its referrals; for anybody else,
/// and where it was asked for by a program that did not say it, there is nothing in it.
pub(crate) fn agreed(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    is_part: impl Fn(&str) -> bool,
) -> Result<Agreed, ClientError> {
    let mut agreed = Agreed {
        keys: Vec::new(),
        words: Vec::new(),
    };
    let told = room.told(noun)?;
    if room.number_for_me(noun, Place::List)?.is_some() || !is_for_me(room, noun, &told) {
        return Ok(agreed);
    }
    let known = referrals(room, noun, &told);
    let Some(found) = known.iter().find(|one| is_part(&one.code)) else {
        return Ok(agreed);
    };
    let (referral, body) = referral(room, noun, &told, Some(&found.code))?;
    agreed.keys.push(referral);
    let to = room.pack.label(REFERRAL_BODY, &body);
    agreed.words.push(format!("交给{to}"));
    let rule = room.pack.packets.rule(&body, told.main(&noun.noun));
    let keys = rule.map(|rule| rule.fields.iter().chain(&rule.more));
    for key in keys.into_iter().flatten().filter(|key| is_part(key)) {
        agreed.keys.push(key.clone());
        agreed.words.push(label(room, key));
    }
    Ok(agreed)
}

/// Writes the packet into the story and keeps the file for its minutes: both, and the row of the trail, or nothing.
///
/// # Errors
/// `not_found`, `disk_full`.
pub fn keep(
    tablet: &Tablet,
    input: &PacketInput,
    prepared: &PreparedPacket,
    file: &[u8],
) -> Result<ExportMadeView, ClientError> {
    let room = Room::open(tablet)?;
    let noun = room.find(&input.problem)?;
    let now = standing::never_back_ms(tablet)?;
    let export = ExportRow {
        id: tablet.new_id(),
        number: prepared.number.clone(),
        made_ms: now,
        until_ms: now + i64::from(tablet.rules().export_file_minutes) * 60_000,
        ledger: PACKET.to_owned(),
        purpose: input.purpose.clone(),
        // The list of exports is the whole station's.
        words: room.number(noun).unwrap_or_else(|| prepared.text.clone()),
        rows: prepared.children,
        full_numbers: false,
        file_name: format!("{}.xlsx", prepared.name),
        is_there: true,
    };
    let id = tablet.new_id().to_string();
    let step = (EventKind::PacketMade, id.as_str());
    let writes = acts::writes(
        &room,
        noun,
        step,
        &prepared.text,
        &prepared.detail,
        Vec::new(),
    )?;
    let detail = format!(
        "number={} ledger={PACKET} purpose={} to={} until={} rows={} full_numbers=0 fields={}",
        export.number,
        export.purpose,
        prepared.detail.body.as_deref().unwrap_or_default(),
        prepared
            .detail
            .due
            .map_or_else(String::new, |day| day.to_string()),
        export.rows,
        prepared.detail.fields.join(","),
    );
    let object = noun.id.to_string();
    records::save_with(tablet, "problem_event_added", &writes, |tx| {
        audit::append_with(tx, &looks::row(tablet, "packet_made", &object), &detail)?;
        Ok(kept::put(tx, &export, file)?)
    })?;
    Ok(ExportMadeView {
        id: export.id.to_string(),
        number: export.number,
        file_name: export.file_name,
        password: prepared.password.clone(),
        rows: export.rows,
        until: system::moment(export.until_ms),
    })
}

/// Everything that left the station with a referral and did not come to its end: what is late first.
///
/// # Errors
/// `not_allowed`, `still_loading`, `disk_full`: the look could not be noted.
pub fn packets(tablet: &Tablet) -> Result<PacketsView, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let room = Room::open(tablet)?;
    let mut rows = Vec::new();
    for noun in &room.problems {
        let told = room.told(noun)?;
        let numbered =
            room.number_for_me(noun, Place::List)?.is_some() || !is_for_me(&room, noun, &told);
        for row in of_problem(&room, &told) {
            if row.state == Standing::Ended.as_str() {
                continue;
            }
            rows.push(PacketDueRow {
                problem: noun.id.to_string(),
                title: room.title(noun)?,
                village: room.people.unit_name(noun.unit),
                packet: if numbered { without_words(row) } else { row },
            });
        }
    }
    looks::note_list(tablet, "packets", rows.len())?;
    let order = |row: &PacketDueRow| (!row.packet.late, row.packet.until.clone());
    rows.sort_by_key(order);
    Ok(PacketsView {
        late: u32::try_from(rows.iter().filter(|row| row.packet.late).count()).unwrap_or(u32::MAX),
        receipt_days: room.pack.packets.receipt_days,
        rows,
    })
}

/// The matter of a packet whose receipt is printed.
///
/// # Errors
/// `not_found` for a packet that is none, or of a matter this person is told the number of; `still_loading`.
pub(crate) fn on_paper(tablet: &Tablet, packet: &str) -> Result<DocumentId, ClientError> {
    let room = Room::open(tablet)?;
    for noun in &room.problems {
        let told = room.told(noun)?;
        let is_told =
            room.number_for_me(noun, Place::List)?.is_none() && is_for_me(&room, noun, &told);
        if find(&told, Some(packet)).is_some() && is_told {
            return Ok(noun.id);
        }
    }
    Err(ClientError::new("not_found"))
}

/// The packets of one matter, newest first.
pub(super) fn of_problem(room: &Room<'_>, told: &Told) -> Vec<PacketRow> {
    let (today, days) = (room.tablet.today(), room.pack.packets.receipt_days);
    let rows = told.fold.packets.iter().rev();
    rows.map(|packet| {
        let standing = packet.standing(today, days);
        row(room, packet, standing, days)
    })
    .collect()
}

fn row(room: &Room<'_>, packet: &Packet, standing: Standing, days: u32) -> PacketRow {
    PacketRow {
        packet: packet.id.clone(),
        number: packet.number.clone(),
        to: room.pack.label(REFERRAL_BODY, &packet.body).to_owned(),
        purpose: room.pack.label(PURPOSE, &packet.purpose).to_owned(),
        made: packet.made.to_string(),
        receipt_by: add_days(packet.made, days).to_string(),
        until: packet.until.to_string(),
        state: standing.as_str().to_owned(),
        late: standing.is_late(),
        received: packet.received.map(|day| day.to_string()),
        ended: packet.ended.map(|(_, day)| day.to_string()),
        end: packet.ended.map(|(end, _)| end.as_str().to_owned()),
        fields: packet.fields.iter().map(|key| label(room, key)).collect(),
    }
}

/// For whoever is told a matter's number alone: the packet's number and its days.
pub(super) fn without_words(row: PacketRow) -> PacketRow {
    PacketRow {
        to: String::new(),
        purpose: String::new(),
        fields: Vec::new(),
        ..row
    }
}

/// Whether what left with a matter's referrals is this person's business: of a sealed matter the handler's and the head's,
/// whoever else was shown it.
pub(super) fn is_for_me(room: &Room<'_>, noun: &Noun<Problem>, told: &Told) -> bool {
    let me = &room.tablet.identity;
    match me.role {
        Role::Head => true,
        role if role.is_at_station() => {
            !room::is_sealed(&noun.noun) || room.handler(noun, told) == Some(me.staff)
        }
        _ => false,
    }
}

/// Whether a step is about what left with a referral: made, taken, ended.
pub(super) fn is_of_packets(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::PacketMade | EventKind::PacketReceived | EventKind::PacketEnded
    )
}

/// A packet of the story.
pub(super) fn find<'a>(told: &'a Told, id: Option<&str>) -> Option<&'a Packet> {
    let mut packets = told.fold.packets.iter();
    packets.find(|packet| Some(packet.id.as_str()) == id)
}

/// What a receipt or an end says beside its words: which packet, which day, and how it ended.
pub(super) fn detail_of(
    room: &Room<'_>,
    told: &Told,
    kind: EventKind,
    given: &ProblemDetailInput,
    on: Option<NaiveDate>,
) -> Result<Detail, ClientError> {
    let wanted = given.packet.as_deref().filter(|id| !id.is_empty());
    let packet = find(told, wanted).ok_or_else(|| ClientError::new("choice_missing"))?;
    let today = room.tablet.today();
    let on = on.unwrap_or(today);
    if on < packet.made || today < on {
        return Err(ClientError::new("date_invalid"));
    }
    let outcome = match (kind, given.outcome.as_deref()) {
        (EventKind::PacketReceived, _) => None,
        (_, None | Some("")) => return Err(ClientError::new("choice_missing")),
        (_, Some(end)) => Some(
            End::parse(end).ok_or_else(|| ClientError::new("value_invalid").with("value", end))?,
        ),
    };
    Ok(Detail {
        packet: Some(packet.id.clone()),
        on: Some(on),
        outcome: outcome.map(|end| end.as_str().to_owned()),
        ..Detail::default()
    })
}

/// The row of the trail for a receipt or an end: which packet it was, and what for.
pub(super) fn row_of(
    told: &Told,
    kind: EventKind,
    detail: &Detail,
) -> Option<(&'static str, String)> {
    let action = match kind {
        EventKind::PacketReceived => "packet_received",
        EventKind::PacketEnded => "packet_ended",
        _ => return None,
    };
    let packet = find(told, detail.packet.as_deref())?;
    let on = detail.on.map_or_else(String::new, |day| day.to_string());
    let mut said = format!(
        "number={} purpose={} on={on}",
        packet.number, packet.purpose
    );
    if let Some(end) = &detail.outcome {
        said = format!("{said} end={end}");
    }
    Some((action, said))
}

/// Somebody of the station who is told what the matter is, and is not recused.
fn may_make(room: &Room<'_>, noun: &Noun<Problem>) -> Result<Told, ClientError> {
    if !room.tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let told = room.told(noun)?;
    acts::may_add(room, noun, &told, EventKind::PacketMade)?;
    Ok(told)
}

fn referrals(room: &Room<'_>, noun: &Noun<Problem>, told: &Told) -> Vec<OptionView> {
    let events = &noun.noun.events;
    let asked = told.fold.referrals.iter().rev();
    asked
        .filter_map(|id| events.iter().find(|event| event.id == *id))
        .map(|event| OptionView {
            code: event.id.clone(),
            label: {
                let body = event.detail.body.as_deref().unwrap_or_default();
                let body = room.pack.label(REFERRAL_BODY, body);
                format!("{body} {}", system::civil_date(event.recorded_ms))
            },
        })
        .collect()
}

/// The referral it goes with, and to whom that was made; the newest where none is named.
fn referral(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
    wanted: Option<&str>,
) -> Result<(String, String), ClientError> {
    let known = referrals(room, noun, told);
    let wanted = wanted.filter(|id| !id.is_empty());
    let found = match wanted {
        Some(id) => known.iter().find(|one| one.code == id),
        None => known.first(),
    };
    let id = found
        .ok_or_else(|| ClientError::new("not_found"))?
        .code
        .clone();
    let event = noun.noun.events.iter().find(|event| event.id == id);
    let body = event.and_then(|event| event.detail.body.clone());
    Ok((id, body.ok_or_else(|| ClientError::new("not_found"))?))
}

fn rule<'a>(
    room: &'a Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
    body: &str,
) -> Result<&'a PacketRule, ClientError> {
    let rules = &room.pack.packets;
    rules
        .rule(body, told.main(&noun.noun))
        .ok_or_else(|| ClientError::new("packet_unruled"))
}

fn purposes(room: &Room<'_>, rule: &PacketRule) -> Vec<OptionView> {
    let known = options(room.pack.list(PURPOSE), room.tablet.today());
    let codes = rule.purposes.iter();
    codes
        .filter_map(|code| known.iter().find(|one| one.code == *code).cloned())
        .collect()
}

/// One line somebody must write.
fn line_of(text: &str, missing: &'static str) -> Result<String, ClientError> {
    let text = note(text)?;
    match text.chars().count() {
        0 => Err(ClientError::new(missing)),
        n if n > WORDS => Err(ClientError::new("too_large")),
        _ => Ok(text),
    }
}

/// What is given: some of the rule's fields, and of the further ones only with a reason.
fn chosen(rule: &PacketRule, wanted: &[String], reason: &str) -> Result<Vec<String>, ClientError> {
    require_known(rule, wanted)?;
    if reason.is_empty() && wanted.iter().any(|key| rule.more.contains(key)) {
        return Err(ClientError::new("reason_missing"));
    }
    let all = rule.fields.iter().chain(&rule.more);
    Ok(all.filter(|key| wanted.contains(key)).cloned().collect())
}

/// Something is chosen, and nothing the rule does not have.
fn require_known(rule: &PacketRule, wanted: &[String]) -> Result<(), ClientError> {
    if wanted.is_empty() {
        return Err(ClientError::new("choice_missing"));
    }
    let is_known = |key: &String| rule.fields.contains(key) || rule.more.contains(key);
    match wanted.iter().find(|key| !is_known(key)) {
        Some(key) => Err(ClientError::new("value_invalid").with("value", key)),
        None => Ok(()),
    }
}

/// Sooner than the policy's last day, if somebody says so; never later.
fn until(tablet: &Tablet, rule: &PacketRule, given: &str) -> Result<NaiveDate, ClientError> {
    let today = tablet.today();
    let last = add_days(today, rule.days);
    let day = match given.trim() {
        "" => last,
        given => given
            .parse()
            .map_err(|_| ClientError::new("date_invalid"))?,
    };
    if day < today || last < day {
        return Err(ClientError::new("date_invalid"));
    }
    Ok(day)
}

/// The children it is about. A file whose use is limited (限制使用) goes to nobody but by law.
fn concerned<'a>(
    tablet: &Tablet,
    roster: &'a Roster,
    problem: &Problem,
    rule: &PacketRule,
) -> Result<Vec<&'a RosterChild>, ClientError> {
    let mut children = Vec::new();
    for id in &problem.children {
        let child = roster.child(id)?;
        if !rule.by_duty && rights::is_limited(tablet, roster, child)? {
            return Err(ClientError::new("packet_limited"));
        }
        children.push(child);
    }
    Ok(children)
}

/// A field in words.
fn label(room: &Room<'_>, key: &str) -> String {
    match key {
        "matter.kind" => "什么事".to_owned(),
        "matter.severity" => "紧急程度".to_owned(),
        "matter.reported" => "报告的日期".to_owned(),
        "matter.village" => "村".to_owned(),
        "matter.steps" => "办到哪一步（没有谁的原话）".to_owned(),
        _ => {
            let packs = room.tablet.packs();
            let field = key
                .split_once('.')
                .and_then(|(holder, key)| packs.field(holder, key));
            field.map_or_else(|| key.to_owned(), |field| field.label.clone())
        }
    }
}

fn parts(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
    roster: &Roster,
    children: &[&RosterChild],
    fields: &[String],
) -> Result<Vec<Part>, ClientError> {
    let mut parts = Vec::new();
    let matter = matter(room, noun, told, fields)?;
    if !matter.is_empty() {
        parts.push(("什么事".to_owned(), matter));
    }
    for child in children {
        let lines = of_child(room, roster, child, fields);
        if !lines.is_empty() {
            parts.push(("孩子".to_owned(), lines));
        }
    }
    Ok(parts)
}

/// Of the matter only what was chosen or counted; nobody's words, or whoever reported would be known by them.
fn matter(
    room: &Room<'_>,
    noun: &Noun<Problem>,
    told: &Told,
    fields: &[String],
) -> Result<Vec<(String, String)>, ClientError> {
    let reported = noun.noun.events.first();
    let mut lines = Vec::new();
    for key in fields {
        let value = match key.as_str() {
            "matter.kind" => room.kind_words(noun),
            "matter.severity" => room
                .pack
                .label(acts::SEVERITY, &told.fold.severity)
                .to_owned(),
            "matter.reported" => reported.map_or_else(String::new, |event| {
                system::civil_date(event.recorded_ms).to_string()
            }),
            "matter.village" => room.people.unit_name(noun.unit),
            "matter.steps" => {
                for step in room.case_steps(noun, told)? {
                    lines.push((step.day, step.what));
                }
                continue;
            }
            _ => continue,
        };
        if !value.is_empty() {
            lines.push((label(room, key), value));
        }
    }
    Ok(lines)
}

fn of_child(
    room: &Room<'_>,
    roster: &Roster,
    child: &RosterChild,
    fields: &[String],
) -> Vec<(String, String)> {
    let packs = room.tablet.packs();
    let household = roster.household_of(child);
    let mut lines = Vec::new();
    for key in fields {
        let Some((holder, name)) = key.split_once('.') else {
            continue;
        };
        let Some(rule) = packs.field(holder, name) else {
            continue;
        };
        let raw = crate::children::raw_value(rule, child, household);
        let words = raw.and_then(|(_, value)| words(room, rule, &value));
        lines.extend(words.map(|words| (rule.label.clone(), words)));
    }
    lines
}

/// A value as it stands on paper that leaves: telephones whole, since they are there to be called; identity numbers with
/// three and four digits; and nothing this person may not read herself.
fn words(room: &Room<'_>, rule: &FieldRule, value: &str) -> Option<String> {
    match masks::sort_of(rule) {
        Some(FieldSort::Phone) => Some(value.to_owned()),
        Some(FieldSort::IdNumber) => Some(exports::mask(value)),
        _ if !room.tablet.sees(rule).is_open() => None,
        Some(FieldSort::Plain | FieldSort::Words) | None => Some(match &rule.list {
            Some(list) => room.pack.label(list, value).to_owned(),
            None if rule.kind == "area" => rows::area_words(room.tablet, value),
            None => value.to_owned(),
        }),
    }
}
