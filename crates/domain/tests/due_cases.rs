//! Every file under `tests/cases/due` gives the answer it expects: the 16 vectors of domain.md §5.4 and more.

use domain::cadence::case::CaseFile;
use domain::policy::{PolicyPack, PolicySet};
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn packs(file: &CaseFile, folder: &Path) -> PolicySet {
    let packs = file.packs.iter().map(|name| {
        let beside = folder.join(name);
        let path = if beside.is_file() {
            beside
        } else {
            repository().join("policy").join(name)
        };
        PolicyPack::parse(&fs::read_to_string(path).expect("the pack is there"))
            .expect("the pack is good")
    });
    PolicySet::new(packs.collect()).expect("the packs go together")
}

#[test]
fn every_case_file_gives_the_expected_dates() {
    let folder = repository().join("tests/cases/due");
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let file: CaseFile = serde_json::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (report, expect) in file.run(&packs(&file, &folder)).iter().zip(
            std::iter::once(&file.expect).chain(file.also.iter().map(|variant| &variant.expect)),
        ) {
            assert!(!expect.is_null(), "{} expects nothing", path.display());
            for differs in &report.differs {
                wrong.push(format!("{} ({}): {differs}", path.display(), report.title));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 16);
}
