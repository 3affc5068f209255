//! Patients, their facts, accounts and codes, for reading.

use async_trait::async_trait;
use gateway_domain::account::Account;
use gateway_domain::care_team::CareTeam;
use gateway_domain::code::{CodeId, Coding};
use gateway_domain::columns::ClinicalRecord;
use gateway_domain::fact::{DescribedFact, FactKinds};
use gateway_domain::ids::{AccountId, PatientId, PatientNo};
use gateway_domain::patient::{Patient, PatientFilter};

use super::{Page, PageRequest, StoreError};

/// Who a patient belongs to, by name. What the model does not have is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Responsible {
    /// The managing organization.
    pub managing_account: Option<(AccountId, String)>,
    /// Names of the general practitioners, in the order of the source.
    pub general_practitioners: Vec<String>,
}

/// Keeps patients.
#[async_trait]
pub trait PatientStore: Send + Sync {
    /// A page of patients by family name, given name and id.
    async fn patients(&self, filter: &PatientFilter, page: PageRequest) -> Result<Page<Patient>, StoreError>;
    /// One patient.
    async fn patient(&self, id: PatientId) -> Result<Option<Patient>, StoreError>;
    /// One patient by its number.
    async fn patient_by_no(&self, no: PatientNo) -> Result<Option<Patient>, StoreError>;
    /// One patient by its FHIR id in a source.
    async fn patient_by_fhir_id(&self, source: &str, fhir_id: &str) -> Result<Option<Patient>, StoreError>;
    /// The clinical records of these patients, with facts of these kinds alone, in the order asked. Unknown numbers are left out.
    async fn clinical_records(&self, patients: &[PatientNo], kinds: FactKinds) -> Result<Vec<ClinicalRecord>, StoreError>;
    /// A patient's facts in words, newest first.
    async fn facts(&self, patient: PatientId) -> Result<Vec<DescribedFact>, StoreError>;
    /// Who a patient belongs to.
    async fn responsible(&self, patient: PatientId) -> Result<Responsible, StoreError>;
    /// A patient's care teams.
    async fn care_teams(&self, patient: PatientId) -> Result<Vec<CareTeam>, StoreError>;
    /// Accounts by name.
    async fn accounts(&self, text: Option<&str>, page: PageRequest) -> Result<Page<Account>, StoreError>;
    /// The raw JSON of a resource of a patient, as it came.
    async fn raw_resource(&self, patient: PatientId, resource_type: &str, fhir_id: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Interns codes; the answer has the order of the question.
    async fn intern_codes(&self, codings: &[Coding]) -> Result<Vec<CodeId>, StoreError>;
    /// What the codes are; those not known are left out.
    async fn codings(&self, codes: &[CodeId]) -> Result<Vec<(CodeId, Coding)>, StoreError>;
    /// The next patients after this number, for a full pass.
    async fn patient_numbers_after(&self, after: Option<PatientNo>, limit: u32) -> Result<Vec<PatientNo>, StoreError>;
    /// How many patients there are, those only referred to left out.
    async fn patient_count(&self) -> Result<u64, StoreError>;
}
