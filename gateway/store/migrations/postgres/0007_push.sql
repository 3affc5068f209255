-- One row is a subscription of ours on a source. A source has one for each kind and criteria.
CREATE TABLE push_subscription (
    id BYTEA PRIMARY KEY,
    source_no BIGINT NOT NULL REFERENCES source (no),
    kind TEXT NOT NULL,
    criteria TEXT NOT NULL,
    secret TEXT NOT NULL,
    remote_id TEXT,
    status TEXT NOT NULL,
    last_event BIGINT,
    notifications BIGINT NOT NULL DEFAULT 0,
    gaps BIGINT NOT NULL DEFAULT 0,
    heard_at BIGINT,
    problem TEXT,
    failures BIGINT NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (source_no, kind, criteria)
);

-- Runs that read what a server told of are many and small; old ones are let go.
CREATE INDEX sync_run_of_hints ON sync_run (source_no, no) WHERE strategy = 'hint' AND status = 'complete';
