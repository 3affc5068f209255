//! Use case: from the outreach model to people
