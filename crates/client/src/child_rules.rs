//! 未成年人个人信息处理规则: the paper of the authority and who answers for it, for a family and for whoever works here (P-03).

use crate::error::ClientError;
use crate::tablet::Tablet;
use crate::view::{ChildRulesView, RulesLineView, RulesPartView};
use domain::child_rules::Line;

/// The rules this installation works by.
///
/// # Errors
/// `rules_missing`: the server has none, as a demo of before, or they have not come yet.
pub fn view(tablet: &Tablet) -> Result<ChildRulesView, ClientError> {
    let packs = tablet.packs();
    let rules = packs
        .child_rules
        .as_ref()
        .ok_or_else(|| ClientError::new("rules_missing"))?;
    let line = |line| match line {
        Line::Text(text) => RulesLineView {
            kind: "text".to_owned(),
            cells: vec![text],
        },
        Line::Item(text) => RulesLineView {
            kind: "item".to_owned(),
            cells: vec![text],
        },
        Line::Cells(cells) => RulesLineView {
            kind: "row".to_owned(),
            cells,
        },
    };
    Ok(ChildRulesView {
        version: rules.version,
        from: rules.from.clone(),
        name: rules.responsible.name.clone(),
        duty: rules.responsible.duty.clone(),
        phone: rules.responsible.phone.clone(),
        parts: rules
            .parts()
            .into_iter()
            .map(|part| RulesPartView {
                title: part.title,
                lines: part.lines.into_iter().map(line).collect(),
            })
            .collect(),
    })
}
