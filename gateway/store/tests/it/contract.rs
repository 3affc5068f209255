//! By noun, as in the ports.

/// Makes a test for each database out of each function that takes a fixture.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(crate::fixture::Fixture::sqlite().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                if let Some(fixture) = crate::fixture::Fixture::postgres().await {
                    super::$name(fixture).await;
                }
            })*
        }
    };
}

mod access;
mod audit;
mod consent;
mod identity;
mod journeys;
mod messages;
mod notices;
mod patients;
mod person;
mod plugin_values;
mod push;
mod quarantine;
mod segments;
mod sources;
mod sync;
mod sync_first_run;
mod sync_histories;
mod sync_ledger;
mod tasks;
mod value_sets;
mod write_backs;
