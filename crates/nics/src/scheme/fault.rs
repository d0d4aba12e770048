//! How a verb ends that failed.

use cleat_cli::logging::Reporter;
use cleat_cli::{Call, End};
use cleat_diag::{Diagnostic, Sources};

/// Prints what went wrong, and that nothing is other than before where that is so.
pub(super) fn fault(call: &Call, told: &[Diagnostic], sources: &Sources) -> End {
    let reporter = Reporter::new(call.verbosity);
    reporter.print(told, sources);
    let left = told.iter().any(|told| told.code == "scheme-not-put-back");
    reporter.close(
        told,
        if left {
            "not all was put back"
        } else {
            "nothing was changed"
        },
    );
    End::Fault
}
