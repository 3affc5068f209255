-- One row is a segment.
CREATE TABLE segment (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    plugin TEXT NOT NULL,
    definition TEXT NOT NULL,
    version INTEGER NOT NULL,
    active INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- One row is the answer for a patient and a segment, for members and for those whose answer can change by itself.
CREATE TABLE membership (
    patient_no INTEGER NOT NULL,
    segment_no INTEGER NOT NULL REFERENCES segment (no),
    member INTEGER NOT NULL,
    since INTEGER NOT NULL,
    populations BLOB NOT NULL,
    evidence TEXT NOT NULL,
    review_on INTEGER,
    PRIMARY KEY (patient_no, segment_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_of_segment ON membership (segment_no, patient_no) WHERE member = 1;
CREATE INDEX membership_review ON membership (review_on) WHERE review_on IS NOT NULL;

-- One row is a change of membership. `heard` says whether journeys were told.
CREATE TABLE membership_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    segment_no INTEGER NOT NULL REFERENCES segment (no),
    patient_no INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    at INTEGER NOT NULL,
    heard INTEGER NOT NULL
) STRICT;
CREATE INDEX membership_event_unheard ON membership_event (seq) WHERE heard = 0;
CREATE INDEX membership_event_of_patient ON membership_event (patient_no, seq);
CREATE INDEX membership_event_of_segment ON membership_event (segment_no, seq);

-- One row is a journey.
CREATE TABLE journey (
    id BLOB PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    entry_segment BLOB,
    reentry_after_days INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row is a version of a journey. It never changes: people finish in the version they entered.
CREATE TABLE journey_version (
    journey_id BLOB NOT NULL REFERENCES journey (id),
    version INTEGER NOT NULL,
    plugin TEXT NOT NULL,
    definition TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (journey_id, version)
) STRICT, WITHOUT ROWID;

-- One row is one person's way through one journey. `revision` grows with each step.
CREATE TABLE journey_run (
    id BLOB PRIMARY KEY,
    journey_id BLOB NOT NULL REFERENCES journey (id),
    version INTEGER NOT NULL,
    patient_no INTEGER NOT NULL,
    status TEXT NOT NULL,
    at_step TEXT NOT NULL,
    entered_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    reason TEXT,
    state TEXT,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX journey_run_active ON journey_run (journey_id, patient_no) WHERE status = 'active';
CREATE INDEX journey_run_of_journey ON journey_run (journey_id, status, updated_at);
CREATE INDEX journey_run_of_patient ON journey_run (patient_no, journey_id);

-- One row is something a run has yet to hear of: a timer, an outcome, a happening. `lease_until` is 0 while nobody works on it.
CREATE TABLE journey_event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id BLOB NOT NULL REFERENCES journey_run (id),
    event TEXT NOT NULL,
    cancels INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    tries INTEGER NOT NULL
) STRICT;
CREATE INDEX journey_event_due ON journey_event (due_at, seq);
CREATE INDEX journey_event_of_run ON journey_event (run_id, due_at, seq);

-- One row is a kind of happening a step of a run listens for.
CREATE TABLE journey_listener (
    run_id BLOB NOT NULL REFERENCES journey_run (id),
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    until_at INTEGER,
    PRIMARY KEY (run_id, step, kind)
) STRICT, WITHOUT ROWID;

-- One row is a branch that was taken.
CREATE TABLE journey_branch (
    no INTEGER PRIMARY KEY,
    run_id BLOB NOT NULL REFERENCES journey_run (id),
    step TEXT NOT NULL,
    branch TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX journey_branch_of_run ON journey_branch (run_id);

-- One row is a version of a document messages are made from.
CREATE TABLE message_template (
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    id BLOB NOT NULL,
    title TEXT NOT NULL,
    purpose TEXT NOT NULL,
    list TEXT,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key, version)
) STRICT, WITHOUT ROWID;

-- One row is a message a journey proposed, whatever became of it. At most one for each patient, run, step, medium and occurrence.
CREATE TABLE message (
    id BLOB PRIMARY KEY,
    patient_no INTEGER NOT NULL,
    journey_id BLOB NOT NULL REFERENCES journey (id),
    run_id BLOB NOT NULL REFERENCES journey_run (id),
    step TEXT NOT NULL,
    medium TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    template TEXT NOT NULL,
    purpose TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    due_at INTEGER NOT NULL,
    expires_at INTEGER,
    tries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    handed_at INTEGER,
    sent_at INTEGER,
    provider_id TEXT,
    subject TEXT,
    language TEXT,
    lease_until INTEGER NOT NULL,
    UNIQUE (patient_no, run_id, step, medium, occurrence)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_due ON message (status, due_at, id);
CREATE INDEX message_in_flight ON message (handed_at) WHERE status = 'in-flight';
CREATE INDEX message_of_patient ON message (patient_no, handed_at);
CREATE INDEX message_of_run ON message (run_id);
CREATE INDEX message_of_journey ON message (journey_id, id);
CREATE INDEX message_by_status ON message (status, id);

-- One row is where a link of a message leads.
CREATE TABLE message_link (
    message_id BLOB NOT NULL REFERENCES message (id),
    link INTEGER NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (message_id, link)
) STRICT, WITHOUT ROWID;

-- One row is what came back from a person or a provider.
CREATE TABLE interaction (
    id BLOB PRIMARY KEY,
    patient_no INTEGER NOT NULL,
    message_id BLOB,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    link INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX interaction_of_patient ON interaction (patient_no, at);

-- One row is a decision of a person about being written to. Rows are only added.
CREATE TABLE consent (
    id BLOB PRIMARY KEY,
    patient_no INTEGER NOT NULL,
    decision TEXT NOT NULL,
    medium TEXT,
    purpose TEXT,
    list TEXT,
    at INTEGER NOT NULL,
    through TEXT NOT NULL,
    evidence TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_of_patient ON consent (patient_no, at);

-- One row is a topic people can join or leave.
CREATE TABLE subscription_list (
    id BLOB PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
