//! Use case: from a FHIR server to the outreach model
