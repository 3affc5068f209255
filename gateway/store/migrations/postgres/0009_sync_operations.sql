-- One row is how far one type of a source is read: everything up to `complete_until` by the server's clock. `whole_at` is when all that is
-- held of it was last compared with all that the server has; `problem` says why it could not be read the last time.
CREATE TABLE sync_cursor (
    source_no BIGINT NOT NULL REFERENCES source (no),
    resource_type TEXT NOT NULL,
    complete_until BIGINT,
    read_at BIGINT,
    whole_at BIGINT,
    problem TEXT,
    PRIMARY KEY (source_no, resource_type)
);

-- One row keeps a source for one process until its time is over.
CREATE TABLE source_lease (
    source_no BIGINT PRIMARY KEY REFERENCES source (no),
    holder BYTEA NOT NULL,
    until BIGINT NOT NULL
);
