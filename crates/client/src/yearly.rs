//! 年度材料 (P-18): what the yearly filing about minors' data asks for, counted here, with nobody's name in it.

use crate::audit_page::{REVIEWED, read, span_of_year};
use crate::error::ClientError;
use crate::exports;
use crate::looks;
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
const SHARES: [(&str, &str); 7] = [
    ("packet_made", "转介时给其他单位的材料（份）"),
    ("packet_received", "其中收回了回执的"),
    ("packet_ended", "其中对方已销毁或退还的"),
    ("move_accepted", "随孩子迁移转给其他村、镇的次数"),
    ("print_made", "打印次数"),
    ("export_declined", "没有同意的导出"),
    ("export_approved", "第二人同意的导出"),
];
const LOOKS: [(&str, &str); 9] = [
    ("view_child", "查看孩子档案"),
    ("view_visit", "查看走访记录"),
    ("view_problem", "查看问题经过"),
    ("view_attachment", "查看照片、录音"),
    ("view_restricted", "查看保密内容"),
    ("search_number", "用证件号码查找"),
    ("view_conflict", "核对两边都改过的号码"),
    ("view_inbox", "查看新到的记录"),
    ("view_late", "查看晚到的记录"),
];
const ACTS: [(&str, &str); 6] = [
    ("opened_urgently", "紧急查看保密内容"),
    ("opening_reviewed", "站长写了意见的紧急查看"),
    ("guest_began", "告知户籍村"),
    ("cover_began", "由别的村代管"),
    ("report_taken", "送到区里的情况"),
    ("document_erased", "按申请删除的档案"),
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
/// `value_invalid`, `not_allowed`, `still_loading`, `no_network`, `disk_full`.
pub async fn pack(tablet: &Arc<Tablet>, year: u16) -> Result<YearlyPack, ClientError> {
    if !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let span = span_of_year(year)?;
    let found = read(tablet, span, None, vec!["export_made".to_owned()]).await?;
    // A month is mostly looked through after its end, the last one in the next year.
    let looked_through = read(tablet, (span.0, i64::MAX), None, vec![REVIEWED.to_owned()]).await?;
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
            counted("特别的事", &ACTS, &found),
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

fn purposes(tablet: &Tablet, found: &AuditPage) -> Section {
    let mut by_purpose: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut whole = 0;
    for record in found
        .rows
        .iter()
        .filter(|record| record.row.action == "export_made")
    {
        let named = |name: &str| {
            let mut parts = record
                .row
                .detail
                .split(' ')
                .filter_map(|part| part.split_once('='));
            parts.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let sum = by_purpose
            .entry(named("purpose").unwrap_or_default())
            .or_default();
        sum.0 += 1;
        sum.1 += named("rows")
            .and_then(|rows| rows.parse().ok())
            .unwrap_or(0);
        whole += u64::from(named("full_numbers") == Some("1"));
    }
    let mut lines = Vec::new();
    for purpose in exports::purposes(tablet) {
        let (times, rows) = by_purpose
            .get(purpose.code.as_str())
            .copied()
            .unwrap_or_default();
        lines.push((format!("导出：{}（次）", purpose.label), Some(times)));
        lines.push((format!("导出：{}（行）", purpose.label), Some(rows)));
    }
    lines.push(("其中带完整证件号码的（次）".to_owned(), Some(whole)));
    Section {
        title: "用途".to_owned(),
        lines,
    }
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
