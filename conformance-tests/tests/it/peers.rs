//! What other people's servers do, as far as the gateway relies on it.

mod medplum;
