//! Kit: what the author of a plugin works with. Makes a new project, builds its component, and runs that against recorded cases in the real
//! plugin host, with its limits, and with a terminology, a relay, servers and values that the case brings.
//!
//! Architecture invariant: no gateway, no database, no network, no configuration. Servers answer what a case says, and nothing else does.

#![deny(missing_docs)]

pub mod case;
pub mod component;
mod difference;
mod embedded;
pub mod project;
mod rewrite;
mod run;

pub use crate::component::{BuildError, build};
pub use crate::difference::Difference;
pub use crate::project::{Language, ProjectError};
pub use crate::run::{CaseResult, RunError, Suite, Usage, compiled_folder};
