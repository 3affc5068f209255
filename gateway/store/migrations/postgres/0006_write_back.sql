-- One row says what is written back into a source, as its configuration had it when a gateway last started.
CREATE TABLE write_back_scope (
    source_no BIGINT PRIMARY KEY REFERENCES source (no),
    communications BIGINT NOT NULL,
    consents BIGINT NOT NULL
);

-- One row is a message or decision that is to stand in a source as a record. `revision` grows when what is to be written changes;
-- `asked` is 1 once the server may have been asked, and never 0 again; `lease_until` is 0 while nobody works on it.
CREATE TABLE write_back (
    kind TEXT NOT NULL,
    object_id BYTEA NOT NULL,
    source_no BIGINT NOT NULL REFERENCES source (no),
    patient_no BIGINT NOT NULL,
    status TEXT NOT NULL,
    revision BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    remote_id TEXT,
    remote_version TEXT,
    reason TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (kind, object_id, source_no)
);
CREATE INDEX write_back_due ON write_back (source_no, due_at) WHERE status = 'waiting';
CREATE INDEX write_back_by_time ON write_back (updated_at);
