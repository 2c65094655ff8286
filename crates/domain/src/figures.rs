//! Numbers that are given to others – the city, somebody who does research – without anybody being known by them
//! (domain.md §11 P-13): counts below a threshold are kept back, and so many others with them that none can be worked out
//! again from the sums.
//!
//! A table with its sums is one larger table in which every row and every column adds up to nothing once the sums are taken
//! as negative. Four cells at the corners of a rectangle can be moved by one without any sum changing. A cell is safe when
//! all four corners of such a rectangle are kept back and moving it leaves each of them at least at one: then there is
//! another table that shows the same numbers, also for somebody who knows that nothing that is kept back is zero.

/// A table of counts. With its sums, whoever stands in it stands in one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    cells: Vec<Vec<u32>>,
    width: usize,
}

/// A number as it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Figure {
    /// So many.
    Shown(u32),
    /// Kept back.
    Kept,
}

/// A table as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Row by row.
    pub cells: Vec<Vec<Figure>>,
    /// The sum of each row.
    pub rows: Vec<Figure>,
    /// The sum of each column.
    pub columns: Vec<Figure>,
    /// The sum of all.
    pub total: Figure,
}

/// Counts of categories beside a table of the same people whose sum is `total`, `people` of them. Everybody stands in one
/// category at least, and mostly in one: what is kept back may be no difference of that sum and what is shown, and no small
/// number of people outside a category either. Where that sum is kept back, the categories do not tell it. None where there
/// is too little to hide behind.
pub fn beside(counts: &[u32], people: u32, total: Figure, below: u32) -> Option<Vec<Figure>> {
    let is_told = total == Figure::Shown(people);
    let mut kept: Vec<bool> = counts.iter().map(|n| is_small(*n, below)).collect();
    for (kept, n) in std::iter::zip(&mut kept, counts) {
        let outside = people.saturating_sub(*n);
        let is_all = !is_told && *n > 0 && outside == 0;
        *kept |= is_all || *n > 0 && is_small(outside, below);
    }
    let is_safe = |kept: &[bool]| {
        let hidden = || std::iter::zip(kept, counts).filter(|(kept, _)| **kept);
        match (is_told, hidden().count()) {
            (true, 0) => true,
            // Another split of the same difference must be as likely, and the difference itself is no small number.
            (true, several) => {
                let sum: u64 = hidden().map(|(_, n)| u64::from(*n)).sum();
                several > 1 && hidden().any(|(_, n)| *n > 1) && sum >= u64::from(below)
            }
            (false, hidden) => hidden > 0 || counts.iter().all(|n| *n == 0),
        }
    };
    while !is_safe(&kept) {
        let shown = std::iter::zip(&kept, counts).enumerate();
        let (next, _) = shown
            .filter(|(_, (kept, n))| !**kept && **n > 0)
            .min_by_key(|(_, (_, n))| **n)?;
        kept[next] = true;
    }
    let figures = std::iter::zip(counts, kept).map(|(n, kept)| figure(*n, kept));
    Some(figures.collect())
}

fn is_small(n: u32, below: u32) -> bool {
    0 < n && n < below
}

fn figure(n: u32, kept: bool) -> Figure {
    if kept { Figure::Kept } else { Figure::Shown(n) }
}

impl Table {
    /// A table of so many columns; a row that is shorter is filled with nothing, one that is longer is cut.
    pub fn new(mut cells: Vec<Vec<u32>>, width: usize) -> Self {
        for row in &mut cells {
            row.resize(width, 0);
        }
        Self { cells, width }
    }

    /// What leaves of it: no count and no sum from one to fewer than `below`, and none that can be worked out.
    pub fn figures(&self, below: u32) -> Figures {
        let grid = Grid::of(self);
        let mut kept = Kept::nothing(&grid);
        for (row, column) in grid.places() {
            if is_small(grid.at(row, column), below) {
                kept.add(row, column);
            }
        }
        for (row, column) in grid.places() {
            if kept.has(row, column)
                && let Some(corners) = cheapest(&grid, &kept, (row, column))
            {
                for (row, column) in corners {
                    kept.add(row, column);
                }
            }
        }
        let last = (grid.height - 1, grid.width - 1);
        let shown = |row, column| figure(grid.at(row, column), kept.has(row, column));
        Figures {
            cells: (0..last.0)
                .map(|row| (0..last.1).map(|column| shown(row, column)).collect())
                .collect(),
            rows: (0..last.0).map(|row| shown(row, last.1)).collect(),
            columns: (0..last.1).map(|column| shown(last.0, column)).collect(),
            total: shown(last.0, last.1),
        }
    }
}

/// A table with its sums as a last row and a last column.
struct Grid {
    cells: Vec<u32>,
    height: usize,
    width: usize,
}

impl Grid {
    fn of(table: &Table) -> Self {
        let (height, width) = (table.cells.len() + 1, table.width + 1);
        let mut cells = vec![0_u32; height * width];
        for (row, counts) in table.cells.iter().enumerate() {
            for (column, n) in counts.iter().enumerate() {
                for (row, column) in [
                    (row, column),
                    (row, width - 1),
                    (height - 1, column),
                    (height - 1, width - 1),
                ] {
                    let cell = &mut cells[row * width + column];
                    *cell = cell.saturating_add(*n);
                }
            }
        }
        Self {
            cells,
            height,
            width,
        }
    }

    fn at(&self, row: usize, column: usize) -> u32 {
        self.cells[row * self.width + column]
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (height, width) = (self.height, self.width);
        (0..height).flat_map(move |row| (0..width).map(move |column| (row, column)))
    }

    /// A sum of one direction counts as negative; the sum of all is one of both.
    fn is_negative(&self, row: usize, column: usize) -> bool {
        (row + 1 == self.height) != (column + 1 == self.width)
    }
}

/// Which cells are kept back.
struct Kept {
    cells: Vec<bool>,
    width: usize,
}

impl Kept {
    fn nothing(grid: &Grid) -> Self {
        Self {
            cells: vec![false; grid.cells.len()],
            width: grid.width,
        }
    }

    fn has(&self, row: usize, column: usize) -> bool {
        self.cells[row * self.width + column]
    }

    fn add(&mut self, row: usize, column: usize) {
        self.cells[row * self.width + column] = true;
    }
}

/// The rectangle with this corner that makes it safe and keeps back least beside what is kept already: first few sums, then
/// few cells, then few people. The one of its own sums always does.
fn cheapest(
    grid: &Grid,
    kept: &Kept,
    (row, column): (usize, usize),
) -> Option<[(usize, usize); 4]> {
    let mut best = None;
    for other_row in (0..grid.height).filter(|other| *other != row) {
        for other_column in (0..grid.width).filter(|other| *other != column) {
            let corners = [
                (row, column),
                (row, other_column),
                (other_row, other_column),
                (other_row, column),
            ];
            if !moves(grid, &corners) {
                continue;
            }
            let mut cost = (0_u32, 0_u32, 0_u64);
            for (row, column) in corners {
                if kept.has(row, column) {
                    continue;
                }
                let is_sum = row + 1 == grid.height || column + 1 == grid.width;
                cost.0 += u32::from(is_sum);
                cost.1 += 1;
                cost.2 += u64::from(grid.at(row, column));
            }
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, corners));
            }
        }
    }
    best.map(|(_, corners)| corners)
}

/// Whether a rectangle can be moved by one, one way or the other, so that every corner stays at one at least.
fn moves(grid: &Grid, corners: &[(usize, usize); 4]) -> bool {
    if corners
        .iter()
        .any(|(row, column)| grid.at(*row, *column) == 0)
    {
        return false;
    }
    [true, false].into_iter().any(|first_grows| {
        corners.iter().enumerate().all(|(at, (row, column))| {
            // Round the rectangle it goes up and down; what counts as negative grows where it goes down.
            let goes_up = (at % 2 == 0) == first_grows;
            let grows = goes_up != grid.is_negative(*row, *column);
            grows || grid.at(*row, *column) > 1
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn drawn(cells: &[&[u32]], below: u32) -> Vec<String> {
        let width = cells.first().map_or(0, |row| row.len());
        let table = Table::new(cells.iter().map(|row| row.to_vec()).collect(), width);
        let figures = table.figures(below);
        let word = |figure: &Figure| match figure {
            Figure::Shown(n) => n.to_string(),
            Figure::Kept => "*".to_owned(),
        };
        let mut lines: Vec<String> = std::iter::zip(&figures.cells, &figures.rows)
            .map(|(row, sum)| {
                row.iter()
                    .chain([sum])
                    .map(word)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        let sums = figures.columns.iter().chain([&figures.total]);
        lines.push(sums.map(word).collect::<Vec<_>>().join(" "));
        lines
    }

    #[test]
    fn a_table_without_a_small_number_leaves_whole() {
        assert_eq!(
            drawn(&[&[12, 0], &[7, 30]], 5),
            ["12 0 12", "7 30 37", "19 30 49"]
        );
        assert_eq!(drawn(&[&[1, 2], &[3, 4]], 0), ["1 2 3", "3 4 7", "4 6 10"]);
        assert_eq!(drawn(&[], 5), ["0"]);
    }

    #[test]
    fn a_small_number_takes_three_others_with_it_and_the_sums_stay() {
        assert_eq!(
            drawn(&[&[3, 20, 30], &[15, 9, 40], &[50, 60, 70]], 5),
            ["* * 30 53", "* * 40 64", "50 60 70 180", "68 89 140 297"]
        );
    }

    #[test]
    fn two_small_numbers_alone_in_a_row_are_no_cover_for_each_other() {
        // 1 + 1 = 2 would be known again, were the sum shown beside two kept numbers that are not zero.
        let lines = drawn(&[&[1, 1, 40], &[30, 30, 30]], 5);
        assert_eq!(lines, ["* * * 42", "* * * 90", "31 31 70 132"]);
        let alone = drawn(&[&[1, 1], &[0, 0]], 5);
        assert_eq!(alone, ["* * *", "0 0 0", "* * *"]);
    }

    #[test]
    fn a_village_with_one_child_keeps_its_sum_back_and_the_sum_of_all() {
        assert_eq!(drawn(&[&[1]], 5), ["* *", "* *"]);
        assert_eq!(
            drawn(&[&[2, 0], &[0, 30]], 5),
            ["* 0 *", "0 30 30", "* 30 *"]
        );
    }

    #[test]
    fn a_category_is_no_difference_of_the_other_sheet() {
        let told = Figure::Shown;
        let drawn = |counts: &[u32], people, total| {
            let figures = beside(counts, people, total, 5)?;
            let shown = |figure: &Figure| match figure {
                Figure::Shown(n) => n.to_string(),
                Figure::Kept => "*".to_owned(),
            };
            Some(figures.iter().map(shown).collect::<Vec<_>>().join(" "))
        };
        let some = |words: &str| Some(words.to_owned());
        assert_eq!(drawn(&[20, 30], 50, told(50)), some("20 30"));
        // 50 - 30 - 17 would be the three.
        assert_eq!(drawn(&[3, 30, 17], 50, told(50)), some("* 30 *"));
        // One child stands in the first and in no other: 50 - 49.
        assert_eq!(drawn(&[49, 20, 9], 50, told(50)), some("* 20 *"));
        // Two that are small together are one small number more.
        assert_eq!(drawn(&[1, 2, 17, 30], 50, told(50)), some("* * * 30"));
        // The sum of the villages is kept back: all in one category would say it again.
        assert_eq!(drawn(&[32], 32, Figure::Kept), some("*"));
        assert_eq!(drawn(&[20, 12], 32, Figure::Kept), some("20 *"));
        assert_eq!(drawn(&[0], 0, told(0)), some("0"));
        // Five times one of five: whatever is kept back, it is known.
        assert_eq!(drawn(&[1; 5], 5, told(5)), None);
    }

    #[test]
    fn nothing_that_is_kept_back_is_worked_out_from_the_two_sheets_of_a_file() {
        let mut dice = Dice(7);
        for _ in 0..5_000 {
            // Everybody in one category, which is when sheets can be taken from each other, or some in a second one.
            let (table, below) = dice.table(12);
            let people: u32 = table.cells.iter().flatten().sum();
            let mut counts = vec![0_u32; 1 + dice.below(5) as usize];
            let alone = dice.below(2) == 0;
            for _ in 0..people {
                let several = if alone { 0 } else { dice.below(2) };
                let first = dice.below(counts.len() as u64) as usize;
                counts[first] += 1;
                if several > 0 && counts.len() > 1 {
                    let second = (first + 1) % counts.len();
                    counts[second] += 1;
                }
            }
            let total = table.figures(below).total;
            let Some(figures) = beside(&counts, people, total, below) else {
                continue;
            };
            let cells = || std::iter::zip(&figures, &counts);
            let shown: Vec<u32> = cells()
                .filter(|(figure, _)| **figure != Figure::Kept)
                .map(|(_, n)| *n)
                .collect();
            let kept: Vec<u32> = cells()
                .filter(|(figure, _)| **figure == Figure::Kept)
                .map(|(_, n)| *n)
                .collect();
            assert!(shown.iter().all(|n| !is_small(*n, below)));
            if total == Figure::Kept {
                // Neither one category nor all of them together say the sum.
                assert!(people == 0 || !kept.is_empty(), "{counts:?}");
                assert!(
                    shown.iter().all(|n| *n != people || people == 0),
                    "{counts:?}"
                );
                continue;
            }
            for n in &shown {
                assert!(
                    !is_small(people.saturating_sub(*n), below) || *n == 0,
                    "{counts:?}"
                );
            }
            if !alone {
                continue;
            }
            // Every sum of some that are shown, taken from the sum of all.
            for choice in 0_u32..1 << shown.len() {
                let chosen = shown
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| (choice >> at) & 1 == 1);
                let rest = people - chosen.map(|(_, n)| n).sum::<u32>();
                assert!(!is_small(rest, below), "{counts:?} {figures:?}");
            }
            // For each that is kept back there is another number that fits as well.
            for (at, n) in kept.iter().enumerate() {
                let mut others = kept.iter().enumerate().filter(|(other, _)| *other != at);
                assert!(
                    others.any(|(_, other)| *n > 1 || *other > 1),
                    "{counts:?} {figures:?}"
                );
            }
        }
    }

    /// Numbers that look thrown, and are the same in every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % n
        }

        fn table(&mut self, most: u64) -> (Table, u32) {
            let (height, width) = (1 + self.below(4) as usize, 1 + self.below(4) as usize);
            let cells = (0..height).map(|_| (0..width).map(|_| self.below(most) as u32).collect());
            (Table::new(cells.collect(), width), 2 + self.below(6) as u32)
        }
    }

    /// All figures with their sums, as one grid.
    fn grid(figures: &Figures) -> Vec<Vec<Figure>> {
        let sums = figures.columns.iter().copied().chain([figures.total]);
        let rows = std::iter::zip(&figures.cells, &figures.rows);
        rows.map(|(row, sum)| row.iter().copied().chain([*sum]).collect())
            .chain([sums.collect()])
            .collect()
    }

    /// Solves the sums for what is kept back, in a field in which nothing overflows: the matrix of a table's sums has the
    /// same rank in every one. Says which unknowns have one value alone.
    fn solved(grid: &[Vec<Figure>]) -> Vec<(usize, usize)> {
        const PRIME: i64 = 1_000_003;
        let (height, width) = (grid.len(), grid[0].len());
        let mut unknowns = Vec::new();
        for (row, cells) in grid.iter().enumerate() {
            for (column, figure) in cells.iter().enumerate() {
                if *figure == Figure::Kept {
                    unknowns.push((row, column));
                }
            }
        }
        let sign = |row: usize, column: usize| {
            if (row + 1 == height) == (column + 1 == width) {
                1
            } else {
                PRIME - 1
            }
        };
        let mut rows: Vec<Vec<i64>> = Vec::new();
        for sum in 0..height + width {
            let mut line = Vec::new();
            for (row, column) in &unknowns {
                let is_in = *row == sum || *column + height == sum;
                line.push(if is_in { sign(*row, *column) } else { 0 });
            }
            rows.push(line);
        }
        let power = |mut base: i64, mut exponent: i64| {
            let mut result = 1;
            while exponent > 0 {
                if exponent % 2 == 1 {
                    result = result * base % PRIME;
                }
                base = base * base % PRIME;
                exponent /= 2;
            }
            result
        };
        let mut done = 0;
        for column in 0..unknowns.len() {
            let Some(found) = (done..rows.len()).find(|row| rows[*row][column] != 0) else {
                continue;
            };
            rows.swap(done, found);
            let inverse = power(rows[done][column], PRIME - 2);
            for value in &mut rows[done] {
                *value = *value * inverse % PRIME;
            }
            let pivot = rows[done].clone();
            for (at, row) in rows.iter_mut().enumerate() {
                let factor = row[column];
                if at != done && factor != 0 {
                    for (value, base) in std::iter::zip(row, &pivot) {
                        *value = (*value + (PRIME - factor) * base) % PRIME;
                    }
                }
            }
            done += 1;
        }
        // A row with one unknown left says what it is.
        rows.iter()
            .filter_map(|row| {
                let mut left = row.iter().enumerate().filter(|(_, value)| **value != 0);
                let (at, _) = left.next()?;
                left.next().is_none().then_some(unknowns[at])
            })
            .collect()
    }

    #[test]
    fn the_test_itself_finds_what_can_be_worked_out() {
        let shown = Figure::Shown;
        let one = vec![
            vec![Figure::Kept, shown(2), shown(5)],
            vec![shown(5), shown(6), shown(11)],
            vec![shown(8), shown(8), shown(16)],
        ];
        assert_eq!(solved(&one), [(0, 0)]);
    }

    #[test]
    fn in_thousands_of_tables_nothing_that_is_kept_back_can_be_worked_out_and_nothing_small_is_shown()
     {
        let mut dice = Dice(7);
        let mut kept = 0;
        for turn in 0..4_000 {
            let (table, below) = dice.table(if turn % 2 == 0 { 4 } else { 20 });
            let grid = grid(&table.figures(below));
            assert!(solved(&grid).is_empty(), "{table:?} {below}");
            for figure in grid.iter().flatten() {
                match figure {
                    Figure::Shown(n) => assert!(!is_small(*n, below), "{table:?} {below}"),
                    Figure::Kept => kept += 1,
                }
            }
        }
        assert!(kept > 4_000, "the tables are not all harmless: {kept}");
    }

    /// Every table of the same shape that shows the same numbers, nothing that is kept back being zero.
    fn alike(table: &Table, figures: &Figures, most: u32) -> Vec<Vec<Vec<u32>>> {
        let shown = grid(figures);
        let (height, width) = (table.cells.len(), table.width);
        let free: Vec<(usize, usize)> = (0..height)
            .flat_map(|row| (0..width).map(move |column| (row, column)))
            .filter(|(row, column)| shown[*row][*column] == Figure::Kept)
            .collect();
        let mut found = Vec::new();
        let mut cells = table.cells.clone();
        let total = (most as usize).pow(free.len() as u32);
        for mut number in 0..total {
            for (row, column) in &free {
                cells[*row][*column] = 1 + (number % most as usize) as u32;
                number /= most as usize;
            }
            let other = Grid::of(&Table::new(cells.clone(), width));
            let fits = other
                .places()
                .all(|(row, column)| match shown[row][column] {
                    Figure::Shown(n) => other.at(row, column) == n,
                    Figure::Kept => other.at(row, column) > 0,
                });
            if fits {
                found.push(
                    (0..=height)
                        .map(|row| (0..=width).map(|column| other.at(row, column)).collect())
                        .collect(),
                );
            }
        }
        found
    }

    #[test]
    fn whoever_tries_every_table_that_shows_the_same_finds_two_values_for_each_number_kept_back() {
        let mut dice = Dice(11);
        for _ in 0..150 {
            let cells = (0..2).map(|_| (0..2).map(|_| dice.below(6) as u32).collect());
            let table = Table::new(cells.collect(), 2);
            let figures = table.figures(4);
            let tables = alike(&table, &figures, 8);
            for (row, figures) in grid(&figures).iter().enumerate() {
                for (column, figure) in figures.iter().enumerate() {
                    let values: BTreeSet<u32> = tables.iter().map(|it| it[row][column]).collect();
                    match figure {
                        Figure::Kept => assert!(values.len() > 1, "{table:?} {row} {column}"),
                        Figure::Shown(_) => assert_eq!(values.len(), 1),
                    }
                }
            }
        }
    }
}
