//! What is gone: of types that were shown as a whole, what was not among them. Each is looked for by its id before it is taken for
//! deleted: merged patients, for one, are hidden from searches and can be read all the same. A type that suddenly shows next to nothing is not believed.

use std::collections::BTreeMap;
use std::sync::Arc;

use gateway_ports::ehr::{Ehr, EhrCapabilities, ExportLine};
use gateway_ports::store::sync::ApplyBatch;

use crate::crawl::{Looked, read_by_id};
use crate::error::SyncError;
use crate::intake::Intake;
use crate::worker::SyncOptions;

/// So many are looked for by id; more are a matter of shares.
const MOST_LOOKED_FOR: usize = 2_000;
/// So few may vanish at once whatever their share is.
const FEW: u64 = 10;

/// Marks as deleted what the whole types of this run no longer have. `held` is by type, before the run.
pub(crate) async fn sweep(
    ehr: &Arc<dyn Ehr>,
    intake: &mut Intake<'_>,
    capabilities: &EhrCapabilities,
    held: &BTreeMap<String, u64>,
    options: &SyncOptions,
) -> Result<(), SyncError> {
    let types: Vec<String> = intake.state.whole.iter().filter(|it| held.get(*it).is_some_and(|it| *it > 0)).cloned().collect();
    if types.is_empty() || !intake.strategy.shows_what_is_gone() {
        return Ok(());
    }
    intake.progress.phase("looking for what is gone");
    let run = intake.run().await?;
    let Some(unseen) = intake.store.unseen(run, &types, MOST_LOOKED_FOR).await? else {
        return by_share(intake, &types, options).await;
    };
    let mut by_type: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (resource_type, id) in unseen {
        by_type.entry(resource_type).or_default().push(id);
    }
    let mut unreadable = Vec::new();
    for (resource_type, ids) in by_type {
        let most = (held.get(&resource_type).copied().unwrap_or(0) as f64 * options.most_deleted).floor() as u64;
        if ids.len() as u64 > most.max(FEW) {
            distrust(intake, &resource_type, ids.len());
            continue;
        }
        if capabilities.types.get(&resource_type).is_some_and(|it| !it.read) {
            unreadable.push(resource_type);
            continue;
        }
        let ids = ids.into_iter().map(|id| (resource_type.clone(), id)).collect();
        let (mut gone, mut there, mut closed) = (Vec::new(), Vec::new(), 0);
        for (key, looked) in read_by_id(ehr, ids, options.concurrency).await? {
            match looked {
                Looked::There(raw) => there.push(raw),
                Looked::Gone => gone.push(key),
                Looked::Closed => closed += 1,
            }
        }
        if closed > 0 {
            intake.warn(format!("{closed} of {resource_type} vanished from the server's answers and may not be read; they are kept"));
        }
        let lines = (1..).zip(there).map(|(number, bytes)| ExportLine { number, bytes, too_long: false }).collect();
        let mut batch: ApplyBatch = intake.read(lines, false).await?;
        batch.deletes = gone;
        intake.apply(batch, None).await?;
    }
    if unreadable.is_empty() { Ok(()) } else { by_share(intake, &unreadable, options).await }
}

/// Without a look at each: only of types of which something was shown and everything could be read, and only up to a share.
async fn by_share(intake: &mut Intake<'_>, types: &[String], options: &SyncOptions) -> Result<(), SyncError> {
    let run = intake.run().await?;
    let is_doubtful = |name: &str| intake.state.doubtful.contains("") || intake.state.doubtful.contains(name);
    let (doubtful, types): (Vec<String>, Vec<String>) = types.iter().cloned().partition(|it| is_doubtful(it));
    for name in doubtful {
        intake.warn(format!("not all that the server sent can be read, so no {name} was taken as deleted"));
    }
    let types: Vec<String> = types.into_iter().filter(|it| intake.state.seen.contains(it)).collect();
    if !types.is_empty() && intake.store.sweep(run, &types, options.most_deleted, intake.clock.now()).await?.is_none() {
        let share = options.most_deleted * 100.0;
        intake.warn(format!(
            "more than {share:.0} % of the resources are gone from the server at once; nothing was deleted, check the server"
        ));
    }
    Ok(())
}

fn distrust(intake: &mut Intake<'_>, resource_type: &str, count: usize) {
    intake.warn(format!("{count} of {resource_type} are gone from the server at once; nothing was deleted, check the server"));
}
