//! For tests: patients built by hand, a gateway of which everything is known, and a person who walks through a journey. Nothing of it is in
//! a component.
//!
//! ```
//! use outreach_plugin_sdk::testing::{Codes, PatientBuilder, batch};
//!
//! let mut codes = Codes::default();
//! let patient = PatientBuilder::born("1970-05-01").female().observation("http://loinc.org", "4548-4", "2026-03-01").value(7.1, "%");
//! let batch = batch(&mut codes, &[patient]);
//! assert_eq!(batch.value, [7.1]);
//!
//! // A date that can't be read is not known; it is never a day nobody meant.
//! assert_eq!(outreach_plugin_sdk::testing::day("soon"), outreach_plugin_sdk::day::Day::NEVER);
//! ```

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod clinical;
#[cfg(not(target_arch = "wasm32"))]
mod gateway;
mod patients;
mod simulator;

#[cfg(not(target_arch = "wasm32"))]
pub use self::gateway::{FakeGateway, FakeHttp};
pub use self::patients::{Answer, Codes, PatientBuilder, ask, batch, day};
pub use self::simulator::{Simulator, SimulatorError};
