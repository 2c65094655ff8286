//! 年度材料 (P-18): what the yearly filing about minors' data asks for, counted here, with nobody's name in it.

use crate::audit_page::{REVIEWED, bring, named, read, span_of_year};
use crate::error::ClientError;
use crate::exports;
use crate::figures;
use crate::looks;
use crate::prints;
use crate::recusals;
use crate::rights;
use crate::roster::Roster;
use crate::tablet::Tablet;
use domain::calendar::completed_years;
use protocol::{AuditFaultKind, AuditPage};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::audit;

/// The whole of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearlyPack {
    /// Whose, which year, made when, which number.
    pub line: String,
    /// Its parts.
    pub sections: Vec<Section>,
}

/// A part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Heading.
    pub title: String,
    /// Words and a number; a measure that is simply there has none.
    pub lines: Vec<(String, Option<u64>)>,
}

/// What the filing counts among the things done, and what it calls them.
const SHARES: [(&str, &str); 8] = [
    ("packet_made", "转介时给其他单位的材料（份）"),
    ("packet_received", "其中收回了回执的"),
    ("packet_ended", "其中对方已销毁或退还的"),
    ("move_accepted", "随孩子迁移转给其他村、镇的次数"),
    (PRINTED, "打印次数"),
    ("import_result_taken", "取走的导入结果文件"),
    ("export_declined", "没有同意的导出"),
    ("export_approved", "第二人同意的导出"),
];
const LOOKS: [(&str, &str); 10] = [
    ("view_child", "查看孩子档案"),
    ("view_visit", "查看走访记录"),
    ("view_problem", "查看问题经过"),
    ("view_attachment", "查看照片、录音"),
    ("view_restricted", "查看保密内容"),
    ("search_number", "用证件号码查找"),
    ("view_conflict", "核对两边都改过的号码"),
    ("view_inbox", "查看新到的记录"),
    ("view_late", "查看晚到的记录"),
    ("view_list", "查看带孩子情况的清单"),
];
/// A register or a file left; the purpose of what went to the district is no choice of anybody's.
const EXPORTED: &str = "export_made";
const DISTRICT: &str = "district";
/// Paper left.
const PRINTED: &str = "print_made";
const RIGHTS: [(&str, &str); 2] = [
    ("right_asked", "提出的要求"),
    ("right_answered", "答复（改过的也算一次）"),
];
const ACTS: [(&str, &str); 7] = [
    ("opened_urgently", "紧急查看保密内容"),
    ("opening_reviewed", "站长写了意见的紧急查看"),
    ("guest_began", "告知户籍村"),
    ("cover_began", "由别的村代管"),
    ("report_taken", "送到区里的情况"),
    ("document_erased", "按申请删除的档案"),
    ("document_renewed", "只删了其中一项的档案"),
];
const INCIDENTS: [(&str, &str); 7] = [
    ("incident_begun", "登记的丢失、泄露等事件"),
    ("tablet_recovered", "区里两人重新打开的设备"),
    ("unlock_failed", "输错密码后解锁"),
    ("device_revoked", "停用的设备"),
    ("device_wiped", "清除的设备"),
    ("clock_went_back", "设备时间往回走"),
    ("begin_memory", "设备被复制或恢复过"),
];
/// What this version does whatever anybody does; what people have to do is counted.
const MEASURES: [&str; 7] = [
    "平板和站点的数据全部加密存放",
    "服务器上的内容逐份加密，密钥另放",
    "按岗位和村分权限，保密内容只有站点能看",
    "查看、导出、打印都有操作记录",
    "导出要写用途，文件加密，超过行数要第二个人同意",
    "丢失的设备可以停用",
    "可以按要求删除一个孩子的全部记录",
];

/// Counts a year. That it was made is a row of the trail.
///
/// # Errors
/// `value_invalid`, `not_allowed`, `still_loading`, `no_network`, `server_refused`, `disk_full`.
pub async fn pack(tablet: &Arc<Tablet>, year: u16) -> Result<YearlyPack, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let span = span_of_year(year)?;
    bring(tablet).await?;
    let found = read(
        tablet,
        span,
        None,
        vec![EXPORTED.to_owned(), PRINTED.to_owned()],
    )
    .await?;
    // A month is mostly looked through after its end, the last one in the next year.
    let looked_through = read(tablet, (span.0, i64::MAX), None, vec![REVIEWED.to_owned()]).await?;
    let recused = recusals::begun(tablet, span).await?;
    let number = exports::number(tablet, 'Y')?;
    let row = looks::row(tablet, "yearly_pack_made", &year.to_string());
    tablet
        .store
        .write(|tx| audit::append_with(tx, &row, &format!("number={number}")))?;
    Ok(YearlyPack {
        line: format!("{year}年度　{}", exports::line(tablet, &number)),
        sections: vec![
            people(tablet)?,
            purposes(tablet, &found),
            counted("共享和提供", &SHARES, &found),
            counted("查看", &LOOKS, &found),
            rights(tablet, year, &found)?,
            acts(recused, &found),
            incidents(&found),
            measures(year, &looked_through),
        ],
    })
}

fn measures(year: u16, looked_through: &AuditPage) -> Section {
    let of_year = format!("{year:04}-");
    let months: BTreeSet<&str> = looked_through
        .rows
        .iter()
        .filter(|record| record.row.action == REVIEWED)
        .map(|record| record.row.object.as_str())
        .filter(|month| month.starts_with(&of_year))
        .collect();
    let mut lines: Vec<(String, Option<u64>)> = MEASURES
        .iter()
        .map(|words| ((*words).to_owned(), None))
        .collect();
    lines.push((
        "全年12个月的操作记录，有人看过的月数".to_owned(),
        Some(months.len() as u64),
    ));
    Section {
        title: "保护措施".to_owned(),
        lines,
    }
}

fn people(tablet: &Tablet) -> Result<Section, ClientError> {
    let roster = Roster::read(tablet)?;
    let (mut under_14, mut under_18, mut grown, mut unknown) = (0, 0, 0, 0);
    for child in &roster.children {
        let age = child
            .child
            .birth_date()
            .and_then(|birth| completed_years(birth, roster.today));
        *match age {
            None => &mut unknown,
            Some(..14) => &mut under_14,
            Some(14..18) => &mut under_18,
            Some(_) => &mut grown,
        } += 1;
    }
    let lines = [
        ("未满14周岁的孩子", under_14),
        ("14至17周岁的孩子", under_18),
        ("已满18周岁、还有档案的", grown),
        ("出生日期还没采集的", unknown),
    ];
    Ok(Section {
        title: "人数".to_owned(),
        lines: lines
            .into_iter()
            .map(|(words, count)| (words.to_owned(), Some(count)))
            .collect(),
    })
}

/// What left and what for: registers and files first, then paper.
fn purposes(tablet: &Tablet, found: &AuditPage) -> Section {
    let figures = figures::purposes(tablet).into_iter();
    let exports = exports::purposes(tablet)
        .into_iter()
        .map(|purpose| (purpose.code, purpose.label))
        .chain(figures.map(|purpose| (purpose.code, purpose.label)));
    let prints = prints::purposes(tablet).into_iter();
    let prints = prints.map(|purpose| (purpose.code, purpose.label));
    let whole = found.rows.iter().filter(|record| {
        let named = named(&record.row.detail);
        record.row.action == EXPORTED && named.get("full_numbers") == Some(&"1")
    });
    let whole = whole.count() as u64;
    let mut lines = by_purpose(found, EXPORTED, "导出", exports);
    lines.push(("其中带完整证件号码的（次）".to_owned(), Some(whole)));
    lines.extend(by_purpose(found, PRINTED, "打印", prints));
    Section {
        title: "用途".to_owned(),
        lines,
    }
}

/// How often something left for each purpose, and how many rows it had: the purposes of the rules first, then whatever else
/// stands in the trail. A purpose that the rules do not have any more is not left out.
fn by_purpose(
    found: &AuditPage,
    action: &str,
    words: &str,
    known: impl Iterator<Item = (String, String)>,
) -> Vec<(String, Option<u64>)> {
    let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for record in found.rows.iter().filter(|one| one.row.action == action) {
        let named = named(&record.row.detail);
        let sum = sums
            .entry(named.get("purpose").copied().unwrap_or_default())
            .or_default();
        sum.0 += 1;
        let rows = named.get("rows").and_then(|rows| rows.parse::<u64>().ok());
        sum.1 += rows.unwrap_or(0);
    }
    let mut lines = Vec::new();
    let mut add = |label: &str, (times, rows): (u64, u64)| {
        lines.push((format!("{words}：{label}（次）"), Some(times)));
        lines.push((format!("{words}：{label}（行）"), Some(rows)));
    };
    for (code, label) in known {
        add(&label, sums.remove(code.as_str()).unwrap_or_default());
    }
    for (code, sum) in sums {
        match code {
            DISTRICT => add("送给区里的一件事", sum),
            "" => add("没有写用途", sum),
            code => add(&format!("现在的规则里没有的用途 {code}"), sum),
        }
    }
    lines
}

/// What families asked for about what is written down (P-15): how often, from the trail, which has also what stood in a file
/// that is gone; what became of it, from the files.
fn rights(tablet: &Tablet, year: u16, found: &AuditPage) -> Result<Section, ClientError> {
    let mut section = counted("家里提出的要求", &RIGHTS, found);
    let told = rights::of_year(tablet, i32::from(year))?;
    for (words, count) in [
        ("其中到现在还没有答复的", told.open),
        ("其中过了期限才答复的", told.late),
        ("其中按职责保留、限制使用的", told.limited),
    ] {
        section.lines.push((words.to_owned(), Some(count)));
    }
    Ok(section)
}

fn counted(title: &str, what: &[(&str, &str)], found: &AuditPage) -> Section {
    let times = |action: &str| {
        let of_all = found.counts.iter().filter(|count| count.action == action);
        of_all.map(|count| count.count).sum()
    };
    Section {
        title: title.to_owned(),
        lines: what
            .iter()
            .map(|(action, words)| ((*words).to_owned(), Some(times(action))))
            .collect(),
    }
}

fn acts(recused: u64, found: &AuditPage) -> Section {
    let mut section = counted("特别的事", &ACTS, found);
    let line = ("登记的回避（每家每人一次）".to_owned(), Some(recused));
    section.lines.push(line);
    section
}

fn incidents(found: &AuditPage) -> Section {
    let mut section = counted("异于平常的事", &INCIDENTS, found);
    for (kind, words) in [
        (AuditFaultKind::Missing, "操作记录缺了行的设备"),
        (AuditFaultKind::Altered, "操作记录被改过的设备"),
    ] {
        let count = found
            .faults
            .iter()
            .filter(|fault| fault.kind == kind)
            .count();
        section.lines.push((words.to_owned(), Some(count as u64)));
    }
    section
}
