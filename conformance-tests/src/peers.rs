//! Servers that are not ours, as processes of the tests: what the gateway says it can do with "any FHIR server" is tried on them.

pub mod hfs;
pub mod medplum;
