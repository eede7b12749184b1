//! The pages.

pub(super) mod holdings;
pub(super) mod home;
