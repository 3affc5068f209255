-- One row is a version of an imported value set. `alias` is its second name; `version` is empty where its publisher gives none; `codes`
-- is compressed JSON. One row of each URL is in use.
CREATE TABLE value_set (
    no INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    alias TEXT,
    version TEXT NOT NULL,
    title TEXT NOT NULL,
    hash BLOB NOT NULL,
    code_count INTEGER NOT NULL,
    codes BLOB NOT NULL,
    in_use INTEGER NOT NULL,
    imported_at INTEGER NOT NULL,
    UNIQUE (url, version, hash)
) STRICT;
CREATE UNIQUE INDEX value_set_in_use ON value_set (url) WHERE in_use = 1;
CREATE INDEX value_set_by_alias ON value_set (alias) WHERE alias IS NOT NULL;

-- Moves whenever a value set that is used becomes another one.
CREATE TABLE value_set_revision (revision INTEGER NOT NULL) STRICT;
INSERT INTO value_set_revision (revision) VALUES (0);

-- By which value sets a segment was decided last: where they are others now, everybody is evaluated anew.
CREATE TABLE segment_value_set (
    segment_no INTEGER NOT NULL PRIMARY KEY REFERENCES segment (no),
    noted TEXT NOT NULL
) STRICT;
