//! Writes the seeds of a target as a corpus: `zoufang-fuzz TARGET FOLDER`; without arguments lists the targets.

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(folder)) = (arguments.next(), arguments.next()) else {
        for target in zoufang_tests::fuzz::TARGETS {
            println!("{}", target.name);
        }
        return Ok(());
    };
    let target = zoufang_tests::fuzz::target(&name).expect("a target of that name");
    std::fs::create_dir_all(&folder)?;
    for (place, seed) in (target.seeds)().iter().enumerate() {
        std::fs::write(format!("{folder}/seed-{place}"), seed)?;
    }
    Ok(())
}
