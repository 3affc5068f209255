//! The engine: Cranelift, pooled instances, fuel, epochs, and the compile cache.

use std::thread;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::config::HostConfig;
use crate::error::InstallError;
use crate::limits::{CORE_INSTANCES, MEMORIES, TABLES};

/// The length of an epoch: how exact deadlines are, and how long a plugin computes before others get their turn.
pub(crate) const TICK: Duration = Duration::from_millis(10);

pub(crate) fn build(config: &HostConfig) -> Result<Engine, InstallError> {
    let mut pool = PoolingAllocationConfig::default();
    let calls = config.concurrent_calls;
    pool.total_component_instances(calls)
        .total_core_instances(calls * CORE_INSTANCES)
        .total_memories(calls * MEMORIES)
        .total_tables(calls * TABLES)
        .total_stacks(calls)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memory_size(config.memory_bytes)
        .table_elements(config.table_elements)
        .linear_memory_keep_resident(1 << 20);

    let mut settings = Config::new();
    settings
        .wasm_component_model(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    if let Some(directory) = &config.cache_directory {
        let mut cache = CacheConfig::new();
        cache.with_directory(directory);
        settings.cache(Some(Cache::new(cache).map_err(|error| InstallError::Engine(format!("{error:#}")))?));
    }
    let engine = Engine::new(&settings).map_err(|error| InstallError::Engine(format!("{error:#}")))?;
    tick(&engine)?;
    Ok(engine)
}

/// Moves the epoch on for as long as the engine lives.
fn tick(engine: &Engine) -> Result<(), InstallError> {
    let engine = engine.weak();
    let ticker = thread::Builder::new().name("plugin-epoch".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    });
    ticker.map(drop).map_err(|error| InstallError::Engine(format!("the thread that watches deadlines did not start: {error}")))
}
