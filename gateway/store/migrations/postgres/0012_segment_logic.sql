-- By which logic the segments of a plugin were decided last: where it is another one now, everybody is evaluated anew.
CREATE TABLE segment_logic (
    plugin TEXT NOT NULL PRIMARY KEY,
    logic TEXT NOT NULL
);
