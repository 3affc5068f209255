//! A resource as the server holds it: its text, and the few things the server must know without reading it.

use jiff::Timestamp;
use serde_json::Value;

/// One version of one resource.
#[derive(Clone)]
pub(crate) struct Resource {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) last_updated: Timestamp,
    /// JSON without line breaks.
    pub(crate) text: String,
}

impl Resource {
    /// The text as a value. The text is JSON by construction; should it ever not be, the value is null.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

/// Which types are asked for; none means all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kinds(Option<Vec<&'static str>>);

impl Kinds {
    pub(crate) const fn all() -> Self {
        Self(None)
    }

    pub(crate) fn only(kinds: Vec<&'static str>) -> Self {
        Self(Some(kinds))
    }

    pub(crate) fn one(kind: &'static str) -> Self {
        Self(Some(vec![kind]))
    }

    pub(crate) fn has(&self, kind: &str) -> bool {
        self.0.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    pub(crate) fn named(&self) -> Option<&[&'static str]> {
        self.0.as_deref()
    }
}

/// The patient a resource tells of: the id in its reference, whatever the element is called.
pub(crate) fn patient_of(kind: &str, id: &str, value: &Value) -> Option<String> {
    if kind == "Patient" {
        return Some(id.to_owned());
    }
    let reference = ["subject", "patient", "beneficiary"].iter().find_map(|element| value.get(element)?.get("reference")?.as_str())?;
    referenced_patient(reference).map(str::to_owned)
}

/// `Patient/1`, `http://host/fhir/Patient/1/_history/2` and `urn:uuid:1` all name patient 1.
pub(crate) fn referenced_patient(reference: &str) -> Option<&str> {
    if let Some(id) = reference.strip_prefix("urn:uuid:") {
        return Some(id);
    }
    let mut segments = reference.split('/').skip_while(|segment| *segment != "Patient").skip(1);
    segments.next().filter(|id| !id.is_empty())
}

/// The resource types of FHIR R4 that can stand alone, in one list that is also the gate for names in URLs.
const KINDS: &[&str] = &[
    "Account",
    "ActivityDefinition",
    "AdverseEvent",
    "AllergyIntolerance",
    "Appointment",
    "AppointmentResponse",
    "AuditEvent",
    "Basic",
    "Binary",
    "BiologicallyDerivedProduct",
    "BodyStructure",
    "CarePlan",
    "CareTeam",
    "CatalogEntry",
    "ChargeItem",
    "ChargeItemDefinition",
    "Claim",
    "ClaimResponse",
    "ClinicalImpression",
    "CodeSystem",
    "Communication",
    "CommunicationRequest",
    "CompartmentDefinition",
    "Composition",
    "ConceptMap",
    "Condition",
    "Consent",
    "Contract",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "DetectedIssue",
    "Device",
    "DeviceDefinition",
    "DeviceMetric",
    "DeviceRequest",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentManifest",
    "DocumentReference",
    "EffectEvidenceSynthesis",
    "Encounter",
    "Endpoint",
    "EnrollmentRequest",
    "EnrollmentResponse",
    "EpisodeOfCare",
    "EventDefinition",
    "Evidence",
    "EvidenceVariable",
    "ExampleScenario",
    "ExplanationOfBenefit",
    "FamilyMemberHistory",
    "Flag",
    "Goal",
    "GraphDefinition",
    "Group",
    "GuidanceResponse",
    "HealthcareService",
    "ImagingStudy",
    "Immunization",
    "ImmunizationEvaluation",
    "ImmunizationRecommendation",
    "ImplementationGuide",
    "InsurancePlan",
    "Invoice",
    "Library",
    "Linkage",
    "List",
    "Location",
    "Measure",
    "MeasureReport",
    "Media",
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationKnowledge",
    "MedicationRequest",
    "MedicationStatement",
    "MedicinalProduct",
    "MessageDefinition",
    "MessageHeader",
    "MolecularSequence",
    "NamingSystem",
    "NutritionOrder",
    "Observation",
    "ObservationDefinition",
    "OperationDefinition",
    "Organization",
    "OrganizationAffiliation",
    "Patient",
    "PaymentNotice",
    "PaymentReconciliation",
    "Person",
    "PlanDefinition",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "Questionnaire",
    "QuestionnaireResponse",
    "RelatedPerson",
    "RequestGroup",
    "ResearchDefinition",
    "ResearchElementDefinition",
    "ResearchStudy",
    "ResearchSubject",
    "RiskAssessment",
    "RiskEvidenceSynthesis",
    "Schedule",
    "SearchParameter",
    "ServiceRequest",
    "Slot",
    "Specimen",
    "SpecimenDefinition",
    "StructureDefinition",
    "StructureMap",
    "Subscription",
    "Substance",
    "SupplyDelivery",
    "SupplyRequest",
    "Task",
    "TerminologyCapabilities",
    "TestReport",
    "TestScript",
    "ValueSet",
    "VerificationResult",
    "VisionPrescription",
];

/// The type of that name, if FHIR R4 has it.
pub(crate) fn kind_named(name: &str) -> Option<&'static str> {
    KINDS.binary_search(&name).ok().and_then(|at| KINDS.get(at)).copied()
}

/// Types that belong to no one person; they are exported with any cohort, because its resources refer to them.
pub(crate) fn is_shared(kind: &str) -> bool {
    matches!(kind, "Organization" | "Practitioner" | "PractitionerRole" | "Location")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_are_sorted_so_that_each_is_found() {
        assert!(KINDS.is_sorted());
        assert_eq!(kind_named("Patient"), Some("Patient"));
        assert_eq!(kind_named("patient"), None);
    }

    #[test]
    fn a_patient_is_recognised_in_every_form_of_reference() {
        for reference in ["Patient/a-1", "http://h/fhir/Patient/a-1", "Patient/a-1/_history/3", "urn:uuid:a-1"] {
            assert_eq!(referenced_patient(reference), Some("a-1"), "{reference}");
        }
        assert_eq!(referenced_patient("Practitioner/a-1"), None);
    }
}
