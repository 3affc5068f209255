//! Ports the stages never call.

use async_trait::async_trait;
use gateway_domain::consent::Consent;
use gateway_domain::identity::IdentityRules;
use gateway_domain::ids::{
    ApiTokenId, IdEntropy, PatientId, PatientNo, PushSubscriptionId, QuarantineId, SourceId, SyncRunId, TaskId, UserId,
};
use gateway_domain::interaction::InteractionKind;
use gateway_domain::person::{IdentityDecision, OpenQuestion, Person};
use gateway_domain::push_subscription::PushSubscription;
use gateway_domain::source::{Quarantined, Source, SyncRun, SyncRunStatus, SyncStrategy, TypeCursor};
use gateway_domain::subscription_list::SubscriptionList;
use gateway_domain::task::{Assignee, Task, TaskStatus};
use gateway_domain::unmapped::CodeReport;
use gateway_domain::user::{ApiToken, Role, Session, User};
use gateway_domain::write_back::{WriteBack, WriteBackScope, WriteBackStatus};
use gateway_ports::process::ProcessId;
use gateway_ports::store::identity::{Decided, NewDecision, Relinked, WrittenTo};
use gateway_ports::store::push::{PushCheck, PushNote};
use gateway_ports::store::quarantine::QuarantineCount;
use gateway_ports::store::sync::{Applied, ApplyBatch};
use gateway_ports::store::tasks::{TaskFilter, TaskSummary};
use gateway_ports::store::write_backs::{DueWriteBack, WriteBackEnd, WriteBackFilter};
use gateway_ports::store::{
    ConsentStore, IdentityStore, NoticeStore, Page, PageRequest, PushStore, QuarantineFilter, QuarantineStore, SourceStore, StoreError,
    SyncLedger, SyncStore, TaskStore, UserStore, WriteBackStore,
};
use jiff::Timestamp;

use super::{MemoryStore, not_kept};

#[async_trait]
impl ConsentStore for MemoryStore {
    async fn record_consent(&self, _: PatientId, _: &Consent) -> Result<(), StoreError> {
        Err(not_kept("record_consent"))
    }

    async fn consents(&self, _: PatientId) -> Result<Vec<Consent>, StoreError> {
        Err(not_kept("consents"))
    }

    async fn consents_by_record(&self, _: PatientId) -> Result<Vec<Vec<Consent>>, StoreError> {
        Err(not_kept("consents_by_record"))
    }

    async fn put_subscription_list(&self, _: &SubscriptionList) -> Result<SubscriptionList, StoreError> {
        Err(not_kept("put_subscription_list"))
    }

    async fn subscription_lists(&self) -> Result<Vec<SubscriptionList>, StoreError> {
        Err(not_kept("subscription_lists"))
    }
}

#[async_trait]
impl PushStore for MemoryStore {
    async fn add_push_subscription(&self, _: &PushSubscription) -> Result<PushSubscription, StoreError> {
        Err(not_kept("add_push_subscription"))
    }

    async fn push_subscriptions(&self, _: SourceId) -> Result<Vec<PushSubscription>, StoreError> {
        Err(not_kept("push_subscriptions"))
    }

    async fn push_subscription(&self, _: PushSubscriptionId) -> Result<Option<PushSubscription>, StoreError> {
        Err(not_kept("push_subscription"))
    }

    async fn claim_push_subscription(&self, _: PushSubscriptionId, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Err(not_kept("claim_push_subscription"))
    }

    async fn expedite_push_subscription(&self, _: PushSubscriptionId, _: Timestamp) -> Result<(), StoreError> {
        Err(not_kept("expedite_push_subscription"))
    }

    async fn put_push_check(&self, _: PushSubscriptionId, _: &PushCheck) -> Result<(), StoreError> {
        Err(not_kept("put_push_check"))
    }

    async fn note_push(&self, _: PushSubscriptionId, _: &PushNote) -> Result<(), StoreError> {
        Err(not_kept("note_push"))
    }

    async fn delete_push_subscription(&self, _: PushSubscriptionId) -> Result<(), StoreError> {
        Err(not_kept("delete_push_subscription"))
    }
}

#[async_trait]
impl SourceStore for MemoryStore {
    async fn put_source(&self, _: SourceId, _: &str, _: &str) -> Result<Source, StoreError> {
        Err(not_kept("put_source"))
    }

    async fn sources(&self) -> Result<Vec<Source>, StoreError> {
        Err(not_kept("sources"))
    }

    async fn source_by_name(&self, _: &str) -> Result<Option<Source>, StoreError> {
        Err(not_kept("source_by_name"))
    }

    async fn sync_runs(&self, _: SourceId, _: PageRequest) -> Result<Page<SyncRun>, StoreError> {
        Err(not_kept("sync_runs"))
    }

    async fn resource_counts(&self, _: Option<SourceId>) -> Result<Vec<(String, u64)>, StoreError> {
        Err(not_kept("resource_counts"))
    }

    async fn code_report(&self, _: SourceId, _: usize) -> Result<CodeReport, StoreError> {
        Err(not_kept("code_report"))
    }
}

#[async_trait]
impl IdentityStore for MemoryStore {
    async fn adopt_identity_rules(&self, _: &IdentityRules) -> Result<bool, StoreError> {
        Err(not_kept("adopt_identity_rules"))
    }

    async fn identity_rules(&self) -> Result<IdentityRules, StoreError> {
        Err(not_kept("identity_rules"))
    }

    async fn relink(&self, _: u32, _: Timestamp) -> Result<Relinked, StoreError> {
        Err(not_kept("relink"))
    }

    async fn person(&self, _: PatientId) -> Result<Option<Person>, StoreError> {
        Err(not_kept("person"))
    }

    async fn written_to(&self, _: PatientId) -> Result<Option<WrittenTo>, StoreError> {
        Err(not_kept("written_to"))
    }

    async fn identity_questions(&self, _: PageRequest) -> Result<Page<OpenQuestion>, StoreError> {
        Err(not_kept("identity_questions"))
    }

    async fn identity_decisions(&self, _: PageRequest) -> Result<Page<IdentityDecision>, StoreError> {
        Err(not_kept("identity_decisions"))
    }

    async fn decide_identity(&self, _: &NewDecision, _: Timestamp) -> Result<Decided, StoreError> {
        Err(not_kept("decide_identity"))
    }

    async fn take_back_identity(&self, _: PatientId, _: PatientId, _: Timestamp) -> Result<Option<Vec<PatientNo>>, StoreError> {
        Err(not_kept("take_back_identity"))
    }
}

#[async_trait]
impl QuarantineStore for MemoryStore {
    async fn quarantine(&self, _: &QuarantineFilter, _: PageRequest) -> Result<Page<Quarantined>, StoreError> {
        Err(not_kept("quarantine"))
    }

    async fn quarantined(&self, _: QuarantineId) -> Result<Option<Quarantined>, StoreError> {
        Err(not_kept("quarantined"))
    }

    async fn quarantine_counts(&self, _: Option<SourceId>) -> Result<Vec<QuarantineCount>, StoreError> {
        Err(not_kept("quarantine_counts"))
    }

    async fn quarantine_not_kept(&self, _: SourceId) -> Result<u64, StoreError> {
        Err(not_kept("quarantine_not_kept"))
    }

    async fn quarantine_to_replay(&self, _: &QuarantineFilter, _: Option<QuarantineId>, _: u32) -> Result<Vec<Quarantined>, StoreError> {
        Err(not_kept("quarantine_to_replay"))
    }

    async fn note_replayed_in_vain(&self, _: &[(QuarantineId, String)]) -> Result<(), StoreError> {
        Err(not_kept("note_replayed_in_vain"))
    }

    async fn dismiss_quarantine(&self, _: &QuarantineFilter, _: Timestamp) -> Result<u64, StoreError> {
        Err(not_kept("dismiss_quarantine"))
    }
}

#[async_trait]
impl SyncStore for MemoryStore {
    async fn open_run(&self, _: SourceId) -> Result<Option<SyncRun>, StoreError> {
        Err(not_kept("open_run"))
    }

    async fn begin_run(&self, _: SyncRunId, _: SourceId, _: SyncStrategy, _: Timestamp) -> Result<SyncRun, StoreError> {
        Err(not_kept("begin_run"))
    }

    async fn save_checkpoint(&self, _: SyncRunId, _: &str) -> Result<(), StoreError> {
        Err(not_kept("save_checkpoint"))
    }

    async fn apply(&self, _: SyncRunId, _: ApplyBatch, _: Timestamp, _: IdEntropy) -> Result<Applied, StoreError> {
        Err(not_kept("apply"))
    }

    async fn sweep(&self, _: SyncRunId, _: &[String], _: f64, _: Timestamp) -> Result<Option<u64>, StoreError> {
        Err(not_kept("sweep"))
    }

    async fn note_unchanged(&self, _: SourceId, _: Option<Timestamp>, _: Timestamp) -> Result<(), StoreError> {
        Err(not_kept("note_unchanged"))
    }

    async fn finish_run(
        &self,
        _: SyncRunId,
        _: SyncRunStatus,
        _: Option<Timestamp>,
        _: Option<&str>,
        _: Timestamp,
    ) -> Result<SyncRun, StoreError> {
        Err(not_kept("finish_run"))
    }
}

#[async_trait]
impl SyncLedger for MemoryStore {
    async fn cursors(&self, _: SourceId) -> Result<Vec<TypeCursor>, StoreError> {
        Err(not_kept("cursors"))
    }

    async fn save_cursors(&self, _: SourceId, _: &[TypeCursor]) -> Result<(), StoreError> {
        Err(not_kept("save_cursors"))
    }

    async fn unseen(&self, _: SyncRunId, _: &[String], _: usize) -> Result<Option<Vec<(String, String)>>, StoreError> {
        Err(not_kept("unseen"))
    }

    async fn known_patients(&self, _: SourceId, _: Option<&str>, _: u32) -> Result<Vec<String>, StoreError> {
        Err(not_kept("known_patients"))
    }

    async fn take_lease(&self, _: SourceId, _: ProcessId, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Err(not_kept("take_lease"))
    }

    async fn end_lease(&self, _: SourceId, _: ProcessId) -> Result<(), StoreError> {
        Err(not_kept("end_lease"))
    }

    async fn lease(&self, _: SourceId, _: Timestamp) -> Result<Option<(ProcessId, Timestamp)>, StoreError> {
        Err(not_kept("lease"))
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    async fn add_user(&self, _: &User, _: &str) -> Result<(), StoreError> {
        Err(not_kept("add_user"))
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        Err(not_kept("users"))
    }

    async fn user(&self, _: UserId) -> Result<Option<User>, StoreError> {
        Err(not_kept("user"))
    }

    async fn user_by_email(&self, _: &str) -> Result<Option<(User, String)>, StoreError> {
        Err(not_kept("user_by_email"))
    }

    async fn set_password(&self, _: UserId, _: &str) -> Result<(), StoreError> {
        Err(not_kept("set_password"))
    }

    async fn set_role(&self, _: UserId, _: Role) -> Result<(), StoreError> {
        Err(not_kept("set_role"))
    }

    async fn set_disabled(&self, _: UserId, _: bool) -> Result<(), StoreError> {
        Err(not_kept("set_disabled"))
    }

    async fn add_session(&self, _: &Session) -> Result<(), StoreError> {
        Err(not_kept("add_session"))
    }

    async fn session(&self, _: &[u8; 32], _: Timestamp) -> Result<Option<(Session, User)>, StoreError> {
        Err(not_kept("session"))
    }

    async fn end_session(&self, _: &[u8; 32]) -> Result<(), StoreError> {
        Err(not_kept("end_session"))
    }

    async fn add_api_token(&self, _: &ApiToken, _: &[u8; 32]) -> Result<(), StoreError> {
        Err(not_kept("add_api_token"))
    }

    async fn api_token(&self, _: &[u8; 32], _: Timestamp) -> Result<Option<(ApiToken, User)>, StoreError> {
        Err(not_kept("api_token"))
    }

    async fn api_tokens(&self, _: UserId) -> Result<Vec<ApiToken>, StoreError> {
        Err(not_kept("api_tokens"))
    }

    async fn end_api_token(&self, _: ApiTokenId) -> Result<(), StoreError> {
        Err(not_kept("end_api_token"))
    }
}

#[async_trait]
impl WriteBackStore for MemoryStore {
    async fn set_write_back(&self, _: SourceId, _: WriteBackScope) -> Result<(), StoreError> {
        Err(not_kept("set_write_back"))
    }

    async fn claim_write_backs(&self, _: SourceId, _: u32, _: Timestamp, _: Timestamp) -> Result<Vec<DueWriteBack>, StoreError> {
        Err(not_kept("claim_write_backs"))
    }

    async fn end_write_back(&self, _: &WriteBack, _: &WriteBackEnd, _: Timestamp) -> Result<(), StoreError> {
        Err(not_kept("end_write_back"))
    }

    async fn retry_write_backs(&self, _: &WriteBackFilter, _: Timestamp) -> Result<u64, StoreError> {
        Err(not_kept("retry_write_backs"))
    }

    async fn write_backs(&self, _: &WriteBackFilter, _: PageRequest) -> Result<Page<WriteBack>, StoreError> {
        Err(not_kept("write_backs"))
    }

    async fn write_back_counts(&self) -> Result<Vec<(SourceId, WriteBackStatus, u64)>, StoreError> {
        Err(not_kept("write_back_counts"))
    }

    async fn next_write_back_due(&self, _: SourceId) -> Result<Option<Timestamp>, StoreError> {
        Err(not_kept("next_write_back_due"))
    }
}

#[async_trait]
impl TaskStore for MemoryStore {
    async fn add_task(&self, _: &Task, _: Timestamp) -> Result<(), StoreError> {
        Err(not_kept("add_task"))
    }

    async fn tasks(&self, _: &TaskFilter, _: PageRequest) -> Result<Page<TaskSummary>, StoreError> {
        Err(not_kept("tasks"))
    }

    async fn task(&self, _: TaskId) -> Result<Option<TaskSummary>, StoreError> {
        Err(not_kept("task"))
    }

    async fn assign_task(&self, _: TaskId, _: Option<Assignee>) -> Result<(), StoreError> {
        Err(not_kept("assign_task"))
    }

    async fn end_task(&self, _: TaskId, _: TaskStatus, _: UserId, _: Timestamp) -> Result<(), StoreError> {
        Err(not_kept("end_task"))
    }
}

#[async_trait]
impl NoticeStore for MemoryStore {
    async fn record_delivery(&self, _: &str, _: &str, _: InteractionKind, _: Timestamp) -> Result<bool, StoreError> {
        Err(not_kept("record_delivery"))
    }

    async fn refuse_address(&self, _: &str, _: &str, _: &str, _: Timestamp) -> Result<u64, StoreError> {
        Err(not_kept("refuse_address"))
    }

    async fn record_answer(&self, _: &str, _: &str, _: Timestamp) -> Result<bool, StoreError> {
        Err(not_kept("record_answer"))
    }
}
