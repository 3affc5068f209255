-- One row is how far one type of a source is read: everything up to `complete_until` by the server's clock. `whole_at` is when all that is
-- held of it was last compared with all that the server has; `problem` says why it could not be read the last time.
CREATE TABLE sync_cursor (
    source_no INTEGER NOT NULL REFERENCES source (no),
    resource_type TEXT NOT NULL,
    complete_until INTEGER,
    read_at INTEGER,
    whole_at INTEGER,
    problem TEXT,
    PRIMARY KEY (source_no, resource_type)
) STRICT, WITHOUT ROWID;

-- One row keeps a source for one process until its time is over.
CREATE TABLE source_lease (
    source_no INTEGER PRIMARY KEY REFERENCES source (no),
    holder BLOB NOT NULL,
    until INTEGER NOT NULL
) STRICT;
