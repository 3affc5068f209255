-- One row says what is written back into a source, as its configuration had it when a gateway last started.
CREATE TABLE write_back_scope (
    source_no INTEGER PRIMARY KEY REFERENCES source (no),
    communications INTEGER NOT NULL,
    consents INTEGER NOT NULL
) STRICT;

-- One row is a message or decision that is to stand in a source as a record. `revision` grows when what is to be written changes;
-- `asked` is 1 once the server may have been asked, and never 0 again; `lease_until` is 0 while nobody works on it.
CREATE TABLE write_back (
    kind TEXT NOT NULL,
    object_id BLOB NOT NULL,
    source_no INTEGER NOT NULL REFERENCES source (no),
    patient_no INTEGER NOT NULL,
    status TEXT NOT NULL,
    revision INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    remote_id TEXT,
    remote_version TEXT,
    reason TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, object_id, source_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX write_back_due ON write_back (source_no, due_at) WHERE status = 'waiting';
CREATE INDEX write_back_by_time ON write_back (updated_at);
