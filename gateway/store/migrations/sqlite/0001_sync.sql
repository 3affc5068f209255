-- Times are microseconds since 1970, ids are the 16 bytes of a UUID, documents are JSON.

-- One row is a FHIR server.
CREATE TABLE source (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    base_url TEXT NOT NULL,
    complete_until INTEGER,
    synced_at INTEGER
) STRICT;

-- One row is a run of a sync. A source has at most one that is running.
CREATE TABLE sync_run (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    source_no INTEGER NOT NULL REFERENCES source (no),
    strategy TEXT NOT NULL,
    status TEXT NOT NULL,
    checkpoint TEXT,
    resources_read INTEGER NOT NULL DEFAULT 0,
    applied INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    quarantined INTEGER NOT NULL DEFAULT 0,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    note TEXT
) STRICT;
CREATE UNIQUE INDEX sync_run_open ON sync_run (source_no) WHERE status = 'running';
CREATE INDEX sync_run_of_source ON sync_run (source_no, no);

-- One row is what one piece of a full run has seen: the first eight bytes of each resource key, one after the other.
CREATE TABLE sync_seen (
    no INTEGER PRIMARY KEY,
    run_no INTEGER NOT NULL REFERENCES sync_run (no),
    keys BLOB NOT NULL
) STRICT;
CREATE INDEX sync_seen_of_run ON sync_seen (run_no, no);

-- One row is a line that could not be read. The same text of the same source is one row, however often it is met.
CREATE TABLE quarantine (
    id BLOB PRIMARY KEY,
    source_no INTEGER NOT NULL REFERENCES source (no),
    run_no INTEGER NOT NULL REFERENCES sync_run (no),
    raw_hash BLOB NOT NULL,
    resource_type TEXT,
    fhir_id TEXT,
    line INTEGER,
    reason TEXT NOT NULL,
    raw TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (source_no, raw_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX quarantine_by_time ON quarantine (at);

-- One row is a type of resource of one source; `held` counts its resources that are not deleted.
CREATE TABLE resource_type (
    no INTEGER PRIMARY KEY,
    source_no INTEGER NOT NULL REFERENCES source (no),
    name TEXT NOT NULL,
    held INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source_no, name)
) STRICT;

-- One row is a resource as it came, beside the other resources of its patient; patient 0 is nobody. `raw` stands last, so that the
-- hash is read without it. Encoding 0 is plain, 1 is zstd.
CREATE TABLE resource (
    patient_no INTEGER NOT NULL,
    resource_key BLOB NOT NULL,
    type_no INTEGER NOT NULL,
    hash BLOB NOT NULL,
    last_updated INTEGER,
    deleted INTEGER NOT NULL,
    fhir_id TEXT NOT NULL,
    version_id TEXT,
    encoding INTEGER NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (patient_no, resource_key)
) STRICT, WITHOUT ROWID;

-- One row says with which patient a resource is kept, by the first eight bytes of its key. It serves deletes, moves between patients
-- and the sweep alone, holds nothing that is not in `resource`, and a bulk load into an empty database may build it at the end.
CREATE TABLE resource_place (
    key_prefix INTEGER NOT NULL,
    patient_no INTEGER NOT NULL,
    type_no INTEGER NOT NULL,
    live INTEGER NOT NULL,
    PRIMARY KEY (key_prefix, patient_no)
) STRICT, WITHOUT ROWID;
