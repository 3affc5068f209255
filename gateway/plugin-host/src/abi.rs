//! The versions of the WIT package this host speaks.

pub(crate) mod v0_1;
