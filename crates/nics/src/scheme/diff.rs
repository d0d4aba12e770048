//! What a plan changes, as a unified diff.

use super::plan::{Change, Plan};
use similar::TextDiff;

/// The text: a diff for each file that changes, and the commands.
pub fn render(plan: &Plan) -> String {
    let changed = plan.changes.iter().filter(|change| !change.is_none());
    let mut text: String = changed.map(file).collect();
    for words in &plan.commands {
        text += &format!("then: {}\n", words.join(" "));
    }
    cleat_diag::escaped_lines(&text).into_owned()
}

fn file(Change { path, before, after }: &Change) -> String {
    let name = path.display().to_string();
    let side = |text: &Option<String>| text.as_ref().map_or("/dev/null".to_owned(), |_| name.clone());
    let (old, new) = (
        before.as_deref().unwrap_or_default(),
        after.as_deref().unwrap_or_default(),
    );
    TextDiff::from_lines(old, new)
        .unified_diff()
        .header(&side(before), &side(after))
        .to_string()
}
