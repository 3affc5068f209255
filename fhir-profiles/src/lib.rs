//! FHIR profiles, vendor mappings, value sets and measures, validated and indexed
