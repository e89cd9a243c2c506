//! What Ctrl-C does: the BREAK menu, or what `+B` says instead.
//!
//! The menu has a thread of its own, so nothing waits for the person at the terminal but the node's own
//! output. A second Ctrl-C, or the end of input, ends the node.

use crate::signals;
use corten_engine::node::{BreakMode, Config};
use corten_engine::{halt, node, version};
use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};

const MENU: &str = "\nBREAK: (a)bort (A)bort with dump (c)ontinue (p)roc info (i)nfo\n       \
                    (l)oaded (v)ersion (k)ill (D)b-tables (d)istribution\n";

static OPEN: AtomicBool = AtomicBool::new(false);

/// Takes over `SIGINT` as the configuration says.
pub fn init(config: &Config) {
    match config.break_handler {
        BreakMode::Menu => signals::listen(libc::SIGINT, Box::new(interrupted)),
        BreakMode::Ignore | BreakMode::Interrupt => signals::listen(libc::SIGINT, Box::new(|| {})),
        BreakMode::Quit => {}
    }
}

fn interrupted() {
    if OPEN.swap(true, Ordering::AcqRel) {
        halt::halt(0);
    }
    let started = std::thread::Builder::new().name("break".into()).spawn(|| {
        menu();
        OPEN.store(false, Ordering::Release);
    });
    if started.is_err() {
        halt::halt(0);
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // A terminal that is gone cannot be told.
    let _ = out.write_all(text.replace('\n', "\r\n").as_bytes()).and_then(|()| out.flush());
}

fn menu() {
    say(MENU);
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        match line.trim().chars().next() {
            Some('a') => halt::halt(0),
            Some('A') => halt::halt_with_slogan(b"Crash dump requested by user"),
            Some('c') => return,
            Some('v') => say(&version::banner(&node().config)),
            Some('p') => say(&processes()),
            Some('i') => say(&info()),
            Some('l') => say(&loaded()),
            Some('k' | 'D' | 'd') => say("Not available from the menu; use the shell's i(), ets:i() and net_adm.\n"),
            _ => say(MENU),
        }
    }
    halt::halt(0)
}

fn processes() -> String {
    let guard = corten_engine::pin();
    let table = &node().processes;
    let mut out = String::new();
    for pid in table.pids() {
        let Some(shared) = table.lookup(pid, &guard) else { continue };
        let name = shared.name().map_or("", |a| a.name());
        out += &format!("{pid:?} {name} state {:#x}\n", shared.state());
    }
    out
}

fn info() -> String {
    format!(
        "processes: {} of {}\natoms: {} of {}\nbinaries: {} bytes\n",
        node().processes.count(),
        node().processes.limit(),
        corten_term::atom::count(),
        corten_term::atom::limit(),
        corten_term::binary::total_bytes(),
    )
}

fn loaded() -> String {
    let mut names: Vec<_> = corten_engine::code::server::all_loaded().iter().map(|m| m.module.name()).collect();
    names.sort_unstable();
    names.join("\n") + "\n"
}
