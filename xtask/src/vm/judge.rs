//! Compares what a machine dumped with what was expected.

use std::path::Path;

/// Compares a dump with a folder of expected ones.
///
/// *Errors*: what differs.
pub fn same(expected: &Path, dumped: &Path) -> Result<(), String> {
    let differences = cleat_witness::differences(expected, dumped)?;
    if differences.is_empty() {
        Ok(())
    } else {
        Err(format!("the network differs\n{}", differences.join("\n")))
    }
}
