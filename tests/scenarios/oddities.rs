//! Every oddity a year of the made-up township has (domain.md §13), on the page that is to show it.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{
    ChildFileView, ComingRow, ComingView, ConflictListView, DeparturesView, FileState,
    ImportPreviewView, MovesView, PeopleView, ProblemListView, VillageListView,
};
use office::demo::{DemoChild, DemoTownship, ledgers};
use office::ledger::LedgerKind;
use serde_json::{Value, json};
use zoufang_tests::demo::Staffed;
use zoufang_tests::device::Device;
use zoufang_tests::story::shows;

/// Rows a year leaves in the trails, as the guide asks for.
const ROWS_OF_TRAIL: usize = 400;
/// Rows of the untidy ledger that cannot be taken (`office::demo`).
const MISTAKES: u32 = 4;

/// The township, its tablets and its station after the year.
pub struct Year<'a> {
    /// What was made up.
    pub plan: &'a DemoTownship,
    /// Each village's tablet.
    pub staffed: &'a [Staffed<'a>],
    /// The station.
    pub station: &'a Device,
}

impl Year<'_> {
    /// Looks at every page that is to show one.
    pub async fn shows_every_oddity(&self) -> Result<()> {
        self.duplicates().await?;
        self.ages().await?;
        self.away().await?;
        self.papers().await?;
        self.moved().await?;
        self.between_two_people().await?;
        self.problems().await?;
        self.untidy_ledger().await?;
        self.trails().await
    }

    /// The one child this is said of, and its document.
    fn told(&self, words: &str) -> Result<(&DemoChild, String)> {
        let mut children = self.plan.children().filter(|(_, child)| {
            let oddity = child.oddity.as_deref();
            oddity.is_some_and(|oddity| oddity.contains(words))
        });
        let (_, child) = children.next().with_context(|| words.to_owned())?;
        Ok((child, self.document(&child.key)?))
    }

    fn document(&self, key: &str) -> Result<String> {
        let mut found = self.staffed.iter().filter_map(|one| one.child(key));
        let id = found.next().with_context(|| format!("{key} has a file"))?;
        Ok(id.to_string())
    }

    fn tablet(&self, key: &str) -> Result<&Device> {
        let village = key.split('-').next().unwrap_or_default();
        let mut found = self.staffed.iter();
        let staffed = found.find(|one| one.village.key == village);
        Ok(&staffed
            .with_context(|| format!("{village} is staffed"))?
            .device)
    }

    /// A child's file on its village's tablet and at the station, which say the same of it.
    async fn files(&self, child: &DemoChild, id: &str) -> Result<[ChildFileView; 2]> {
        Ok([
            self.tablet(&child.key)?.file(id).await?,
            self.station.file(id).await?,
        ])
    }

    async fn duplicates(&self) -> Result<()> {
        let mut pairs = 0;
        for (_, copy) in self.plan.children() {
            let said = copy.oddity.as_deref().and_then(|oddity| {
                oddity
                    .strip_prefix("与 ")
                    .and_then(|rest| rest.strip_suffix(" 疑似重复"))
            });
            let Some(original) = said else {
                continue;
            };
            let (copy, original) = (self.document(&copy.key)?, self.document(original)?);
            ensure!(copy != original, "{said:?} became one file");
            for (one, other) in [(&copy, &original), (&original, &copy)] {
                let file = self.station.file(one).await?;
                let alike: Vec<&str> = file
                    .status
                    .alike
                    .iter()
                    .map(|row| row.child.as_str())
                    .collect();
                ensure!(alike == [other.as_str()], "{} {alike:?}", file.name);
            }
            pairs += 1;
        }
        ensure!(pairs == 2, "{pairs} duplicate files");
        Ok(())
    }

    /// Sixteen and eighteen, before the day and after it.
    async fn ages(&self) -> Result<()> {
        let has = |rows: &[ComingRow], id: &str| rows.iter().any(|row| row.child == id);
        for words in ["四十天后满十六周岁", "五天后满十八周岁"] {
            let (child, id) = self.told(words)?;
            for device in [self.tablet(&child.key)?, self.station] {
                let coming: ComingView = device.call("coming", Value::Null).await?;
                ensure!(has(&coming.ageing, &id), "{words}");
            }
        }
        let (child, id) = self.told("十天前满十六周岁")?;
        for device in [self.tablet(&child.key)?, self.station] {
            let coming: ComingView = device.call("coming", Value::Null).await?;
            ensure!(has(&coming.ended, &id), "sixteen ten days ago");
        }
        // It may have left the tablet since.
        let (_, id) = self.told("已满十八周岁，档案办结")?;
        let file = self.station.file(&id).await?;
        ensure!(
            file.status.state == FileState::Ended && file.dues.is_empty(),
            "the file of whoever is of age has ended"
        );
        Ok(())
    }

    /// In hospital, away for the holidays, together with the parents for a while.
    async fn away(&self) -> Result<()> {
        for words in ["住院", "去父母那里过假期"] {
            let (child, id) = self.told(words)?;
            for file in self.files(child, &id).await? {
                ensure!(!file.paused.is_empty(), "{words}: no pause in the file");
            }
            for device in [self.tablet(&child.key)?, self.station] {
                let coming: ComingView = device.call("coming", Value::Null).await?;
                let mut paused = coming.paused.iter();
                ensure!(paused.any(|row| row.child == id), "{words}");
            }
        }
        let (child, id) = self.told("团聚儿童")?;
        for file in self.files(child, &id).await? {
            ensure!(
                file.dues.is_empty() && file.tier.is_none() && !file.reasons.is_empty(),
                "a reunion child has no dates and a reason"
            );
        }
        Ok(())
    }

    /// Where it boards, what papers it has, and what no file may say.
    async fn papers(&self) -> Result<()> {
        for (oddity, key, wanted) in [
            ("住校", "boarding", "是"),
            ("没有户口", "hukou_kind", "无户口"),
            ("没有户口", "id_type", "无证件"),
            ("只有出生医学证明", "id_type", "出生医学证明"),
        ] {
            let (child, id) = self.told(oddity)?;
            for file in self.files(child, &id).await? {
                let mut fields = file.blocks.iter().flat_map(|block| &block.fields);
                let field = fields.find(|field| field.key == key);
                let text = field.and_then(|field| field.text.as_deref());
                ensure!(text == Some(wanted), "{oddity}: {key} says {text:?}");
            }
        }
        let (child, id) = self.told("台账里写了档案里不能写的")?;
        for file in self.files(child, &id).await? {
            for words in ["HIV", "艾滋"] {
                ensure!(!shows(&file, words), "the file says what no file may say");
            }
        }
        Ok(())
    }

    /// From one village to another: on the one list, off the other, and both pages say so.
    async fn moved(&self) -> Result<()> {
        let year = self.plan.year.as_ref().context("a year was made")?;
        let id = self.document(&year.moved.child)?;
        let new = self.tablet(&year.moved.to)?.children().await?;
        ensure!(
            new.rows.iter().any(|row| row.child == id),
            "the new village has the child"
        );
        let old = self.tablet(&year.moved.from)?;
        let left = old.children().await?;
        ensure!(
            left.rows.iter().all(|row| row.child != id),
            "the old one has it no more"
        );
        let departures: DeparturesView = old.call("departures", Value::Null).await?;
        // A file that ended and was put away stands there as well.
        ensure!(
            departures
                .children
                .iter()
                .any(|row| !row.ended && !row.destination.is_empty()),
            "and says where it went"
        );
        let moves: MovesView = self.station.call("moves", Value::Null).await?;
        ensure!(
            moves.outgoing.len() == 1 && moves.outgoing[0].state == "accepted",
            "the station sees that it was taken over"
        );
        Ok(())
    }

    /// A leave with somebody who stands in, and what the two wrote apart.
    async fn between_two_people(&self) -> Result<()> {
        let year = self.plan.year.as_ref().context("a year was made")?;
        let people: PeopleView = self.station.call("people", Value::Null).await?;
        ensure!(
            people.covers.iter().any(|cover| cover.state == "running"),
            "somebody stands in"
        );
        let id = self.document(&year.apart.child)?;
        let conflicts: ConflictListView = self.station.call("conflicts", Value::Null).await?;
        let of: Vec<Option<&str>> = conflicts
            .open
            .iter()
            .map(|conflict| conflict.child.as_deref())
            .collect();
        ensure!(of == [Some(id.as_str())], "{of:?}");
        ensure!(
            self.station.file(&id).await?.conflicts == 1,
            "its file says so"
        );
        Ok(())
    }

    /// Two matters of life and safety, and one that stands too long.
    async fn problems(&self) -> Result<()> {
        let list: ProblemListView = self.station.call("problems", Value::Null).await?;
        let grave = list.rows.iter().filter(|row| row.severity == "S1");
        ensure!(grave.count() >= 2, "two stories of life and safety");
        let mut stuck = list.rows.iter().filter(|row| row.kind == "无户口或证件");
        ensure!(
            stuck.any(|row| {
                let is_late = row.next.as_ref().is_some_and(|next| next.late);
                row.state.is_open() && (row.past_usual || is_late)
            }),
            "a problem stands too long, and the list says so"
        );
        Ok(())
    }

    /// The fourth village's ledger, which waits for a hand.
    async fn untidy_ledger(&self) -> Result<()> {
        let waits = self.plan.villages.iter().find(|village| !village.filled);
        let waits = waits.context("one village waits for its ledger")?;
        let books = ledgers(self.plan)?;
        let mut books = books.iter();
        let book = books.find(|book| book.village == waits.key && book.kind == LedgerKind::L1);
        let book = book.context("it has one")?;
        let villages: VillageListView = self.station.call("villages", Value::Null).await?;
        let mut rows = villages.rows.iter();
        let unit = rows.find(|row| row.region == waits.region);
        let unit = &unit.context("the village is listed")?.village;
        let preview: ImportPreviewView = self
            .station
            .call(
                "import_preview",
                json!({"village": unit, "file_name": book.file_name, "bytes": STANDARD.encode(&book.bytes)}),
            )
            .await?;
        ensure!(
            preview.rejected == MISTAKES && preview.same == 1 && preview.new > 0,
            "{} refused, {} the same, {} new",
            preview.rejected,
            preview.same,
            preview.new
        );
        Ok(())
    }

    /// Every device wrote down who looked at what and decided what.
    async fn trails(&self) -> Result<()> {
        let mut rows = 0;
        let tablets = self.staffed.iter().map(|staffed| &staffed.device);
        for device in tablets.chain(std::iter::once(self.station)) {
            let tablet = device.tablet()?;
            let memory = tablet.identity.incarnation;
            let all = tablet
                .store
                .read(|connection| store::audit::rows_after(connection, memory, 0, 1_000_000))?;
            rows += all.len();
        }
        ensure!(rows >= ROWS_OF_TRAIL, "{rows} rows of the trail");
        Ok(())
    }
}
