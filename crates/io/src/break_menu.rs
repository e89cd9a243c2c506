//! What Ctrl-C does: the BREAK menu, or what `+B` says instead.
//!
//! The menu runs on the poll thread: as long as it is open, no descriptor becomes ready, so nobody else reads what
//! the person at the terminal types, and the node's programs go on otherwise. The terminal is put into its ordinary
//! mode meanwhile. A second Ctrl-C, or the end of input, ends the node.

use crate::signals;
use crate::sys;
use corten_engine::node::{BreakMode, Config};
use corten_engine::{halt, node, version};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, Termios, tcgetattr, tcsetattr,
};
use std::io::Write;

const MENU: &str = "\nBREAK: (a)bort (A)bort with dump (c)ontinue (p)roc info (i)nfo\n       \
                    (l)oaded (v)ersion (k)ill (D)b-tables (d)istribution\n";

/// Takes over `SIGINT` as the configuration says.
pub fn init(config: &Config) {
    match config.break_handler {
        BreakMode::Menu => signals::listen(libc::SIGINT, Box::new(interrupted)),
        BreakMode::Ignore | BreakMode::Interrupt => signals::listen(libc::SIGINT, Box::new(|| {})),
        BreakMode::Quit => {}
    }
}

fn interrupted() {
    let found = ordinary_terminal();
    menu();
    if let Some(found) = found {
        // A terminal that is gone needs no mode.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &found);
    }
}

/// Lines, echo and signals from keys, as a shell leaves a terminal; the mode that it had, if it is one.
fn ordinary_terminal() -> Option<Termios> {
    let found = tcgetattr(rustix::stdio::stdin()).ok()?;
    let mut mode = found.clone();
    mode.input_modes.insert(InputModes::ICRNL);
    mode.output_modes.insert(OutputModes::OPOST);
    mode.local_modes
        .insert(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
    tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &mode).ok()?;
    Some(found)
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // A terminal that is gone cannot be told.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn menu() {
    say(MENU);
    while let Some(line) = next_line() {
        match line.trim().chars().next() {
            Some('a') => halt::halt(0),
            Some('A') => halt::halt_with_slogan(b"Crash dump requested by user"),
            Some('c') => return,
            Some('v') => say(&format!("{}\n", version::banner(&node().config))),
            Some('p') => say(&processes()),
            Some('i') => say(&info()),
            Some('l') => say(&loaded()),
            Some('k' | 'D' | 'd') => {
                say("Not available from the menu; use the shell's i(), ets:i() and net_adm.\n")
            }
            _ => say(MENU),
        }
    }
    halt::halt(0)
}

/// What is typed; `None` at the end of input and at a second Ctrl-C.
fn next_line() -> Option<String> {
    let input = rustix::stdio::stdin();
    let signals = sys::borrow_fd(sys::signals::read_end().ok()?)?;
    loop {
        let mut ready = [
            PollFd::new(&input, PollFlags::IN),
            PollFd::new(&signals, PollFlags::IN),
        ];
        match poll(&mut ready, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return None,
        }
        let [typed, signalled] = ready.map(|fd| !fd.revents().is_empty());
        if signalled {
            let mut numbers = [0u8; 64];
            let n = rustix::io::read(signals, &mut numbers).unwrap_or(0);
            if numbers[..n]
                .iter()
                .any(|s| [libc::SIGINT, libc::SIGTERM].contains(&i32::from(*s)))
            {
                return None;
            }
        }
        if typed {
            let mut line = [0; 1024];
            let n = rustix::io::read(input, &mut line).ok().filter(|n| *n > 0)?;
            return Some(String::from_utf8_lossy(&line[..n]).into_owned());
        }
    }
}

fn processes() -> String {
    let guard = corten_engine::pin();
    let table = &node().processes;
    let mut out = String::new();
    for pid in table.pids() {
        let Some(shared) = table.lookup(pid, &guard) else {
            continue;
        };
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
    let mut names: Vec<_> = corten_engine::code::server::all_loaded()
        .iter()
        .map(|m| m.module.name())
        .collect();
    names.sort_unstable();
    names.join("\n") + "\n"
}
