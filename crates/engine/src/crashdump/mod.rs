//! `erl_crash.dump`: what the node looked like when it ended, in the reference engine's format.
//!
//! Written by [`crate::halt`] only, by one thread. Schedulers are stopped first, for good, but not waited for without
//! end: a process that could not be stopped tells only what any thread may read. Nothing here may panic or need much
//! memory: the node may be ending for the lack of it. `ERL_CRASH_DUMP`, `ERL_CRASH_DUMP_SECONDS` and
//! `ERL_CRASH_DUMP_BYTES` are honoured. Other rooms add what they know by [`add_section`].

mod code;
mod process;
mod terms;

pub use terms::Terms;

use crate::sched::{block, scheduler, stats};
use crate::{environment, node, timer};
use corten_term::{Term, atom, binary, print};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// Writes a part of the dump.
pub type Section = fn(&mut dyn Write, &mut Terms) -> io::Result<()>;
static SECTIONS: Mutex<Vec<Section>> = Mutex::new(Vec::new());

/// How long to wait for scheduler threads to stop.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long the dump may take if `ERL_CRASH_DUMP_SECONDS` does not say: a lock that the ending thread holds would keep
/// the node from ending.
const LONGEST: Duration = Duration::from_secs(300);

/// Adds a section; at start.
pub fn add_section(section: Section) {
    SECTIONS
        .lock()
        .unwrap_or_else(|e| e.into_inner())
        .push(section);
}

/// Writes the dump, unless the environment says not to.
pub fn write(slogan: &str) {
    let number = |name: &[u8]| {
        environment::get(name).and_then(|v| String::from_utf8(v).ok()?.trim().parse::<i64>().ok())
    };
    let limit = number(b"ERL_CRASH_DUMP_BYTES");
    let seconds = number(b"ERL_CRASH_DUMP_SECONDS");
    if seconds == Some(0) || limit == Some(0) {
        return;
    }
    end_after(seconds.map_or(Some(LONGEST), |n| {
        u64::try_from(n).ok().map(Duration::from_secs)
    }));
    let path = environment::get(b"ERL_CRASH_DUMP").unwrap_or_else(|| b"erl_crash.dump".to_vec());
    let path = PathBuf::from(std::ffi::OsString::from_vec(path));
    eprint!("\r\nCrash dump is being written to: {}...", path.display());
    let stopped = block::stop_for_good(PATIENCE);
    let written = File::create(&path).and_then(|file| {
        let room = limit
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(u64::MAX);
        let mut out = BufWriter::new(Limited { file, room });
        fill(&mut out, slogan, stopped)?;
        out.flush()
    });
    match written {
        Ok(()) => eprintln!("done\r"),
        Err(e) if e.kind() == FULL => eprintln!("done\r"),
        Err(e) => eprintln!("failed: {e}\r"),
    }
}

/// Ends the program when this time is over.
fn end_after(limit: Option<Duration>) {
    let Some(limit) = limit else { return };
    // Without a thread the dump takes the time that it takes.
    let _ = std::thread::Builder::new().spawn(move || {
        std::thread::sleep(limit);
        eprintln!("failed: it takes too long\r");
        std::process::abort()
    });
}

/// What a file that is full says. The system never does.
const FULL: io::ErrorKind = io::ErrorKind::WriteZero;

/// A file that takes so many bytes and no more.
struct Limited {
    file: File,
    room: u64,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(FULL.into());
        }
        let fit = usize::try_from(self.room)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        self.file.write_all(&bytes[..fit])?;
        self.room -= fit as u64;
        Ok(fit)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn fill(out: &mut dyn Write, slogan: &str, stopped: bool) -> io::Result<()> {
    writeln!(out, "=erl_crash_dump:0.5")?;
    writeln!(
        out,
        "{}",
        jiff::Zoned::now().strftime("%a %b %e %H:%M:%S %Y")
    )?;
    writeln!(out, "Slogan: {slogan}")?;
    let Some(node) = node::try_node() else {
        return writeln!(out, "=end");
    };
    let banner = crate::version::banner(&node.config);
    write!(out, "System version: {banner}")?;
    writeln!(out, "Taints: ")?;
    writeln!(out, "Atoms: {}", atom::count())?;
    let thread = std::thread::current();
    writeln!(
        out,
        "Calling Thread: {}",
        thread.name().unwrap_or("unknown")
    )?;
    schedulers(out)?;
    let sections = SECTIONS.lock().unwrap_or_else(|e| e.into_inner()).clone();
    if sections.is_empty() {
        writeln!(out, "=memory")?;
        writeln!(out, "binary: {}", binary::total_bytes())?;
    }
    writeln!(out, "=index_table:atom_tab")?;
    writeln!(out, "limit: {}\nentries: {}", atom::limit(), atom::count())?;
    let mut terms = Terms::default();
    for section in sections {
        section(out, &mut terms)?;
    }
    timers(out)?;
    writeln!(out, "=node:'{}'", corten_term::node::resolve(0).0.name())?;
    writeln!(out, "=no_distribution")?;
    code::modules(out)?;
    code::funs(out)?;
    process::all(out, stopped, &mut terms)?;
    terms.literals(out)?;
    terms.binaries(out)?;
    writeln!(out, "=atoms")?;
    for i in (0..atom::count()).rev() {
        if let Some(a) = corten_term::Atom::at(i) {
            // Quoted where need be: a name may begin like a section.
            let name = print::to_bytes(Term::atom(a), 1000);
            writeln!(out, "{}", String::from_utf8_lossy(&name))?;
        }
    }
    writeln!(out, "=end")
}

/// The scheduler threads, and what this one was doing.
fn schedulers(out: &mut dyn Write) -> io::Result<()> {
    let current = scheduler::current_index();
    for (i, lengths) in stats::queue_lengths_by_priority().into_iter().enumerate() {
        writeln!(out, "=scheduler:{}", i + 1)?;
        for (name, n) in ["Max", "High", "Normal", "Low"].iter().zip(lengths) {
            writeln!(out, "Run Queue {name} Length: {n}")?;
        }
        if current == Some(i) {
            process::running(out)?;
        } else {
            writeln!(out, "Current Process: ")?;
        }
    }
    Ok(())
}

fn timers(out: &mut dyn Write) -> io::Result<()> {
    let mut result = Ok(());
    timer::for_each_message(|to, message, left| {
        if result.is_ok() {
            let to = match to {
                timer::Receiver::Process(pid) => format!("{pid:?}"),
                timer::Receiver::Name(name) => name.name().to_string(),
            };
            let message = print::to_bytes(message.term(), 1000);
            let message = String::from_utf8_lossy(&message);
            result = writeln!(out, "=timer:{to}\nMessage: {message}\nTime left: {left}");
        }
    });
    result
}
