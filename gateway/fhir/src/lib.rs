//! Adapter: FHIR servers and FHIR resources
