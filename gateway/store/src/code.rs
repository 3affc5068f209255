//! Interned codes, and a bounded memory of those met before.

use std::collections::{BTreeSet, HashMap};
use std::ptr;
use std::sync::{PoisonError, RwLock};

use gateway_domain::code::{CodeId, Coding};
use gateway_ports::store::StoreError;

use crate::Store;
use crate::database::bulk::{Column, Rows};
use crate::database::{Session, args};
use crate::error::corrupt;

/// Codes remembered; a large hospital uses some tens of thousands. Above it the memory begins anew.
const MOST_REMEMBERED: usize = 200_000;

/// A system and a code, which is what a code is known by.
type CodeKey = (String, String);

/// Codes met before, by system, for the life of the process. A code never changes its number.
#[derive(Default)]
pub(crate) struct CodeCache(RwLock<HashMap<String, HashMap<String, CodeId>>>);

/// Codes that a transaction interned, to be remembered once it is committed.
#[derive(Default)]
pub(crate) struct Learned(Vec<(CodeKey, CodeId)>);

impl CodeCache {
    pub(crate) fn learn(&self, learned: Learned) {
        if learned.0.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.values().map(HashMap::len).sum::<usize>() + learned.0.len() > MOST_REMEMBERED {
            known.clear();
        }
        for ((system, code), id) in learned.0.into_iter().take(MOST_REMEMBERED) {
            known.entry(system).or_default().insert(code, id);
        }
    }
}

/// The numbers of the codes of a batch, in the order in which they were met.
pub(crate) struct CodeNumbers {
    /// Of each code once.
    numbers: Vec<Option<CodeId>>,
    /// Which of them each coding has.
    order: std::vec::IntoIter<u32>,
}

impl CodeNumbers {
    /// The number of the next coding.
    pub(crate) fn next(&mut self) -> Result<CodeId, StoreError> {
        let number = self.order.next().and_then(|place| self.numbers.get(place as usize).copied().flatten());
        number.ok_or_else(|| corrupt("code", "it has no number"))
    }
}

/// Codes of a batch: those known, and those to be asked for.
pub(crate) struct Met<'a> {
    numbers: Vec<Option<CodeId>>,
    /// Those that are not known, each at its number's place.
    unknown: Vec<Option<&'a Coding>>,
    order: Vec<u32>,
}

impl CodeCache {
    /// Takes each code of a batch once.
    pub(crate) fn meet<'a>(&self, codings: impl Iterator<Item = &'a Coding>) -> Met<'a> {
        let mut met = Met { numbers: Vec::new(), unknown: Vec::new(), order: Vec::with_capacity(codings.size_hint().0) };
        let mut places: HashMap<(&str, &str), u32> = HashMap::new();
        // Most are shared: those met before are told by where they are.
        let mut shared: HashMap<*const Coding, u32, foldhash::fast::RandomState> = HashMap::default();
        let remembered = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for coding in codings {
            if let Some(place) = shared.get(&ptr::from_ref(coding)) {
                met.order.push(*place);
                continue;
            }
            let place = *places.entry((&coding.system, &coding.code)).or_insert_with(|| {
                let place = met.numbers.len() as u32;
                let number = remembered.get(&coding.system).and_then(|codes| codes.get(&coding.code)).copied();
                met.unknown.push(number.is_none().then_some(coding));
                met.numbers.push(number);
                place
            });
            // Of several the one that says what it is called.
            if let Some(Some(unknown)) = met.unknown.get_mut(place as usize)
                && unknown.display.is_none()
            {
                *unknown = coding;
            }
            shared.insert(coding, place);
            met.order.push(place);
        }
        met
    }
}

/// The numbers of these codes; those not known yet get one.
pub(crate) async fn intern(session: &mut Session, met: Met<'_>) -> Result<(CodeNumbers, Learned), StoreError> {
    let Met { mut numbers, unknown, order } = met;
    let order = order.into_iter();
    let mut asked: Vec<&Coding> = unknown.iter().flatten().copied().collect();
    if asked.is_empty() {
        return Ok((CodeNumbers { numbers, order }, Learned::default()));
    }
    // In one order, so that two who add the same codes wait for each other and don't lock each other out.
    asked.sort_unstable();
    let mut learned = find(session, &asked).await?;
    if learned.len() < asked.len() {
        add(session, &asked, &learned).await?;
        learned = find(session, &asked).await?;
    }
    for (number, coding) in numbers.iter_mut().zip(unknown) {
        if let Some(coding) = coding {
            *number = learned.get(&(coding.system.clone(), coding.code.clone())).copied();
        }
    }
    Ok((CodeNumbers { numbers, order }, Learned(learned.into_iter().collect())))
}

async fn find(session: &mut Session, codings: &[&Coding]) -> Result<HashMap<CodeKey, CodeId>, StoreError> {
    const WANTED: &[Column] = &[Column::Text, Column::Text];
    let mut rows = Rows::new(WANTED);
    for coding in codings {
        rows.push(args![coding.system.as_str(), coding.code.as_str()]);
    }
    let found = session
        .all_rows(
            "WITH wanted (system, code) AS ({rows}) SELECT c.id, c.system, c.code FROM wanted w CROSS JOIN code c \
             WHERE c.system = w.system AND c.code = w.code",
            rows,
        )
        .await?;
    found.iter().map(|row| Ok(((row.text("system")?, row.text("code")?), CodeId(row.small("id")?)))).collect()
}

async fn add(session: &mut Session, codings: &[&Coding], known: &HashMap<CodeKey, CodeId>) -> Result<(), StoreError> {
    const CODE: &[Column] = &[Column::Text; 3];
    let mut rows = Rows::new(CODE);
    for coding in codings {
        if !known.contains_key(&(coding.system.clone(), coding.code.clone())) {
            rows.push(args![coding.system.as_str(), coding.code.as_str(), coding.display.clone()]);
        }
    }
    session.execute_rows("INSERT INTO code (system, code, display) {rows} ON CONFLICT (system, code) DO NOTHING", rows).await?;
    Ok(())
}

/// The numbers of codes in the order of the question.
pub(crate) async fn intern_all(store: &Store, codings: &[Coding]) -> Result<Vec<CodeId>, StoreError> {
    let mut session = store.database.write().await?;
    let (mut numbers, learned) = intern(&mut session, store.codes.meet(codings.iter())).await?;
    let answer = codings.iter().map(|_| numbers.next()).collect();
    session.commit().await?;
    store.codes.learn(learned);
    answer
}

/// What the codes are; those not known are left out.
pub(crate) async fn codings(session: &mut Session, codes: BTreeSet<CodeId>) -> Result<Vec<(CodeId, Coding)>, StoreError> {
    const WANTED: &[Column] = &[Column::Integer];
    let found = session
        .all_rows(
            "WITH wanted (id) AS ({rows}) SELECT c.id, c.system, c.code, c.display FROM wanted w CROSS JOIN code c \
             WHERE c.id = w.id",
            Rows::of(WANTED, codes.into_iter().map(|code| code.0.into())),
        )
        .await?;
    found
        .iter()
        .map(|row| {
            let coding = Coding { system: row.text("system")?, code: row.text("code")?, display: row.get("display")? };
            Ok((CodeId(row.small("id")?), coding))
        })
        .collect()
}
