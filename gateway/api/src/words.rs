//! The model's fixed words as the API spells them, so that a client gets them as closed lists. Each converts from and to the model's
//! own enum by an exhaustive match: a word that is added there does not build here until it has its spelling.

use gateway_domain::audit::AuditAction;
use gateway_domain::consent::{ConsentChannel, ConsentDecision, Purpose};
use gateway_domain::contact_point::{ContactKind, ContactUse};
use gateway_domain::date::Precision;
use gateway_domain::fact::FactKind;
use gateway_domain::identity::{QuestionKind, StaffDecision};
use gateway_domain::journey::{JourneyStatus, RunStatus};
use gateway_domain::message::MessageStatus;
use gateway_domain::patient::{RecordStatus, Sex};
use gateway_domain::plugin::{PluginKind, PluginStatus};
use gateway_domain::plugin_call::{CallOutcome, PluginFunction};
use gateway_domain::push_subscription::{PushKind, PushStatus};
use gateway_domain::source::{QuarantineStatus, SyncRunStatus, SyncStrategy};
use gateway_domain::subscription_list::ListKind;
use gateway_domain::task::{TaskKind, TaskStatus};
use gateway_domain::user::{Permission, Role};
use gateway_domain::write_back::{WriteBackKind, WriteBackStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $domain:ty { $($variant:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub(crate) enum $name {
            $(#[doc = concat!("`", stringify!($variant), "` in the model.")] $variant),+
        }

        impl From<$domain> for $name {
            fn from(word: $domain) -> Self {
                match word { $(<$domain>::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for $domain {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => Self::$variant),+ }
            }
        }
    )+};
}

words! {
    /// Administrative sex.
    SexWord = Sex { Unknown, Female, Male, Other }
    /// How a patient's record stands in its source.
    RecordStatusWord = RecordStatus { Active, Inactive, Merged, Deleted, Referenced }
    /// The kind of an address.
    ContactKindWord = ContactKind { Email, Phone, Sms, Other }
    /// What an address is used for.
    ContactUseWord = ContactUse { Home, Work, Mobile, Temp, Old, Unknown }
    /// How exact a date is.
    PrecisionWord = Precision { Year, Month, Day, Instant }
    /// The kind of a clinical statement.
    FactKindWord = FactKind {
        Condition, Medication, Allergy, Immunization, Procedure, Observation, Encounter, Order, Coverage, Appointment, CareTeam,
        Interaction, Subscription,
    }
    /// Whether people enter and advance.
    JourneyStatusWord = JourneyStatus { Draft, Live, Paused, Stopped }
    /// Whether a person is still on the way.
    RunStatusWord = RunStatus { Active, Left, Stuck }
    /// Where a message is on its way.
    MessageStatusWord = MessageStatus { Due, Refused, InFlight, Accepted, Rejected, Unknown, Expired, Cancelled }
    /// What a message is for.
    PurposeWord = Purpose { Treatment, Operations, Marketing }
    /// Yes or no.
    ConsentDecisionWord = ConsentDecision { Permit, Deny }
    /// How a decision reached us.
    ConsentChannelWord = ConsentChannel { OneClick, PreferencePage, Staff, Fhir, Provider }
    /// Who is on a list that has said nothing.
    ListKindWord = ListKind { OptIn, OptOut }
    /// How a sync run reads.
    SyncStrategyWord = SyncStrategy { BulkFull, BulkSince, SearchFull, SearchSince, Hint, Mixed, Import, ImportFull, Replay }
    /// How a source tells of changes.
    PushKindWord = PushKind { RestHook, Topic }
    /// Whether a source tells of changes.
    PushStatusWord = PushStatus { Requested, Active, Error }
    /// How a sync run stands.
    SyncRunStatusWord = SyncRunStatus { Running, Complete, Failed }
    /// How something in the quarantine stands.
    QuarantineStatusWord = QuarantineStatus { Open, Replayed, Resolved, Dismissed }
    /// What a plugin decides.
    PluginKindWord = PluginKind { Segment, Journey, Channel }
    /// Whether a plugin takes work.
    PluginStatusWord = PluginStatus { Active, Parked }
    /// What a plugin is called for.
    PluginFunctionWord = PluginFunction { Start, Check, Describe, Evaluate, Advance, Send, Receive }
    /// How a call of a plugin ended.
    CallOutcomeWord = CallOutcome { Answered, Said, Stopped, Nonsense, TimedOut }
    /// What a user is.
    RoleWord = Role { Administrator, Coordinator, Clinician, Operator, Auditor }
    /// What a role may do.
    PermissionWord = Permission {
        ReadPatients, ReadSegments, ManageSegments, ReadJourneys, ManageJourneys, ReadMessages, RecordConsent, ReadTasks,
        WorkOnTasks, DecideIdentity, ReadSources, ManageSources, ReadPlugins, ManageUsers, ReadAudit,
    }
    /// Whether records are one person's, as staff says.
    StaffDecisionWord = StaffDecision { Same, Different }
    /// What is asked about records, or is wrong with them.
    QuestionKindWord = QuestionKind {
        BirthDiffers, SexDiffers, IdentifiersDiffer, SeveralValues, OneSource, ManyHolders, MergeLoop, SurvivorMissing,
        SeveralSurvivors, TooMany,
    }
    /// What staff is to do.
    TaskKindWord = TaskKind { Call, CheckContact, Book, Review, Other }
    /// Whether a task is still to be done.
    TaskStatusWord = TaskStatus { Open, Done, Cancelled }
    /// What kind of record a write-back becomes.
    WriteBackKindWord = WriteBackKind { Communication, Consent, Task }
    /// How a write-back stands.
    WriteBackStatusWord = WriteBackStatus { Waiting, Done, Failed }
    /// What was done.
    AuditActionWord = AuditAction { Read, Search, Create, Update, SignIn, SignOut }
}
