//! FHIR servers, as the sync sees them.
