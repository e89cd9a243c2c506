//! `erl_crash.dump`: what the node looked like when it ended, in the reference engine's format.
//!
//! Written by [`crate::halt`] only, by one thread, while others may still run: only what any thread may read is
//! read. `ERL_CRASH_DUMP`, `ERL_CRASH_DUMP_SECONDS` and `ERL_CRASH_DUMP_BYTES` are honoured.

use crate::process::state;
use crate::{environment, node};
use corten_term::{atom, binary};
use std::fmt::Write as _;
use std::io::Write as _;

/// Writes the dump, unless the environment says not to.
pub fn write(slogan: &str) {
    let number = |name: &[u8]| {
        environment::get(name).and_then(|v| String::from_utf8(v).ok()?.trim().parse::<i64>().ok())
    };
    let limit = number(b"ERL_CRASH_DUMP_BYTES");
    if number(b"ERL_CRASH_DUMP_SECONDS") == Some(0) || limit == Some(0) {
        return;
    }
    let path = environment::get(b"ERL_CRASH_DUMP").unwrap_or_else(|| b"erl_crash.dump".to_vec());
    let path = std::path::PathBuf::from(
        <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(path),
    );
    eprint!("\r\nCrash dump is being written to: {}...", path.display());
    let mut text = dump(slogan).into_bytes();
    if let Some(limit) = limit.and_then(|n| usize::try_from(n).ok()) {
        text.truncate(limit);
    }
    match std::fs::File::create(&path).and_then(|mut f| f.write_all(&text)) {
        Ok(()) => eprintln!("done\r"),
        Err(e) => eprintln!("failed: {e}\r"),
    }
}

fn dump(slogan: &str) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = fill(&mut out, slogan);
    out
}

fn fill(out: &mut String, slogan: &str) -> std::fmt::Result {
    writeln!(out, "=erl_crash_dump:0.5")?;
    writeln!(out, "{}", date())?;
    writeln!(out, "Slogan: {slogan}")?;
    let Some(node) = node::try_node() else {
        return writeln!(out, "=end");
    };
    write!(
        out,
        "System version: {}",
        crate::version::banner(&node.config)
    )?;
    writeln!(out, "Taints: ")?;
    writeln!(out, "Atoms: {}", atom::count())?;
    writeln!(
        out,
        "Calling Thread: {}",
        std::thread::current().name().unwrap_or("unknown")
    )?;
    writeln!(out, "=memory")?;
    let (binaries, atoms) = (binary::total_bytes(), atom::name_bytes());
    for (kind, bytes) in [
        ("total", binaries + atoms),
        ("atom", atoms),
        ("atom_used", atoms),
        ("binary", binaries),
    ] {
        writeln!(out, "{kind}: {bytes}")?;
    }
    let guard = crossbeam_epoch::pin();
    for pid in node.processes.pids() {
        let Some(shared) = node.processes.lookup(pid, &guard) else {
            continue;
        };
        writeln!(out, "=proc:{pid:?}")?;
        writeln!(out, "State: {}", state_name(shared.state()))?;
        if let Some(name) = shared.name() {
            writeln!(out, "Name: {}", name.name())?;
        }
    }
    writeln!(out, "=atoms")?;
    for i in (0..atom::count()).rev() {
        if let Some(a) = corten_term::Atom::at(i) {
            writeln!(out, "{}", a.name())?;
        }
    }
    writeln!(out, "=end")
}

fn state_name(word: u32) -> &'static str {
    match word {
        w if w & (state::EXITING | state::DEAD) != 0 => "Exiting",
        w if w & state::COLLECTING != 0 => "Garbing",
        w if w & (state::RUNNING | state::RUNNING_DIRTY) != 0 => "Running",
        w if w & state::SUSPENDED != 0 => "Suspended",
        w if w & (state::ACTIVE | state::IN_QUEUE) != 0 => "Scheduled",
        _ => "Waiting",
    }
}

/// The time in the form of C's `ctime`, in UTC.
fn date() -> String {
    let seconds = crate::time::os_system().div_euclid(1_000_000_000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 0000-03-01, in 400-year eras of 146,097 days: years begin in March, so leap days come last.
    let z = days + 719_468;
    let (era, day) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (
        day - (153 * month + 2) / 5 + 1,
        if month < 10 { month + 2 } else { month - 10 },
    );
    let year = year + era * 400 + i64::from(month < 2);
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let weekday = DAYS[days.rem_euclid(7) as usize];
    let month = MONTHS[month as usize % 12];
    format!(
        "{weekday} {month} {day:2} {:02}:{:02}:{:02} {year}",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}
