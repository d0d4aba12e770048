//! What `cleat-commit boot` adds to a boot with nothing staged.

use super::Bench;
use super::measure::{self, Figures, median};
use super::rooms;
use super::table::{Bar, Row, Unit, millis};

/// The most CPU time that it may take. *Units*: ms.
const BAR: f64 = 10.0;

impl Bench {
    /// One row: CPU time, which is what a boot with other work to do has to give. In truth the unit's conditions keep
    /// the program from being started at all.
    pub(super) fn commit(&self, rows: &mut Vec<Row>) {
        eprintln!("cleat-commit boot, nothing staged");
        rows.push(Row {
            what: "cleat-commit boot, nothing staged, CPU".to_owned(),
            ours: self.boot_with_nothing().map(|figures| millis(figures.cpu)),
            other: None,
            unit: Unit::Millis,
            bar: Bar::AtMost(BAR),
        });
    }

    fn boot_with_nothing(&self) -> Result<Figures, String> {
        rooms::inside(|_room| {
            rooms::write_interfaces("auto lo\niface lo inet loopback\n")?;
            let program = self.ours.command("cleat-commit");
            let runs: Result<Vec<Figures>, String> = (0..2 * self.options.repeat + 1)
                .map(|_| measure::run(&[&program, "boot"], &self.scratch))
                .collect();
            median(&runs?).ok_or_else(|| "no run".to_owned())
        })
    }
}
