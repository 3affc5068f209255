//! What a measurement used: CPU seconds, which a busy machine leaves alone, and memory.

use std::collections::HashMap;
use std::fs;

use crate::Outcome;

const TICKS: f64 = 100.0;

/// CPU time of the process, from when it was opened.
pub(crate) struct Account {
    all: f64,
    threads: HashMap<String, f64>,
}

impl Account {
    pub(crate) fn open() -> Outcome<Self> {
        Ok(Self { all: seconds("/proc/self/stat")?, threads: threads()? })
    }

    /// CPU seconds of all threads together, and of the one that used most.
    pub(crate) fn close(self) -> Outcome<(f64, f64)> {
        let used = threads()?.into_iter().map(|(thread, now)| now - self.threads.get(&thread).copied().unwrap_or_default());
        Ok((seconds("/proc/self/stat")? - self.all, used.fold(0.0, f64::max)))
    }
}

fn threads() -> Outcome<HashMap<String, f64>> {
    let mut threads = HashMap::new();
    for entry in fs::read_dir("/proc/self/task")? {
        let path = entry?.path();
        threads.insert(path.display().to_string(), seconds(&path.join("stat").display().to_string())?);
    }
    Ok(threads)
}

fn seconds(path: &str) -> Outcome<f64> {
    let text = fs::read_to_string(path)?;
    // After the name in brackets: the state is field 3, user and system time are 14 and 15.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).and_then(|it| it.parse::<f64>().ok()).ok_or("no CPU time");
    Ok((field(14)? + field(15)?) / TICKS)
}

/// A line of the process's own account, in KiB.
pub(crate) fn memory(name: &str) -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|it| it.starts_with(name)).ok_or("memory is told on Linux alone")?;
    Ok(line.split_ascii_whitespace().nth(1).ok_or("no number")?.parse()?)
}
