//! Adapter: the outreach model in SQLite or PostgreSQL
