-- One row is where the new resources of one piece of a source's first run are: key prefix, patient and type, eight bytes each. They are
-- sorted into `resource_place` many pieces at a time, at the latest when the run ends.
CREATE TABLE resource_place_aside (
    no INTEGER PRIMARY KEY,
    source_no INTEGER NOT NULL REFERENCES source (no),
    places BLOB NOT NULL
) STRICT;
