//! For tests: patients built by hand, and a gateway of which everything is known. Nothing of it is in a component.
//!
//! ```
//! use outreach_plugin_sdk::testing::{Codes, PatientBuilder, batch};
//!
//! let mut codes = Codes::default();
//! let patient = PatientBuilder::born("1970-05-01").female().observation("http://loinc.org", "4548-4", "2026-03-01").value(7.1, "%");
//! let batch = batch(&mut codes, &[patient]);
//! assert_eq!(batch.value, [7.1]);
//! ```

#[cfg(not(target_arch = "wasm32"))]
mod gateway;
mod patients;

#[cfg(not(target_arch = "wasm32"))]
pub use self::gateway::{FakeGateway, FakeHttp};
pub use self::patients::{Answer, Codes, PatientBuilder, ask, batch, day};
