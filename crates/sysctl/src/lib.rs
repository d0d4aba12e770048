//! sysctl.d(5): read as systemd-sysctl reads it, compared with the kernel, and written where it differs.
//!
//! [`Settings::load`] reads the files; [`Settings::wanted`] says what each setting is to be, in an order in which no
//! write resets another; [`apply`] and [`check`] do the rest. [`NewLinks`] is what concerns links that are about
//! to be made.

mod apply;
mod check;
pub mod fresh;
mod key;
mod line;
mod link;
pub mod made;
pub mod program;
mod resets;
mod settings;
mod value;
mod wanted;

pub use apply::{Deed, apply};
pub use check::{Reading, check, differences};
pub use key::Key;
pub use line::SettingLine;
pub use link::{NewLinks, TABLES};
pub use resets::{is_one_setting, resets};
pub use settings::{Setting, Settings};
pub use value::Value;
pub use wanted::{Wanted, last_of_names};
