//! What the files say, which interfaces of them are meant, and what the NICs in them are called now.

pub mod doubled;
mod emptied;
pub mod follow;
pub mod last_good;
pub mod mapping;
pub mod pick;
pub mod pinned_nics;
pub mod rename;
pub mod renamed;
pub mod saved_nics;
pub mod scope;
pub mod served;
pub mod session;
pub mod severity;
