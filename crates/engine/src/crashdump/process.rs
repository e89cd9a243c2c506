//! The processes of a crash dump: `=proc:`, `=proc_messages:`, `=proc_dictionary:`, `=proc_stack:` and `=proc_heap:`.
//!
//! A process that stands still tells all; one that a thread may be running tells what is in its shared part. The one that
//! this thread runs is in the middle of something: its cells are read, nothing is borrowed without trying.

use super::terms::Terms;
use crate::code;
use crate::gc;
use crate::node;
use crate::process::saved_calls::{self, Saved};
use crate::process::{Process, Shared, info, state};
use crate::sched;
use crate::signal::relations::Target;
use corten_term::layout::{IMMEDIATE2_MASK, TAG_CATCH, is_header};
use corten_term::{RefNumbers, Term, Word, print};
use std::io::{self, Write};

/// The process that this thread runs, in the section of its scheduler.
pub fn running(out: &mut dyn Write) -> io::Result<()> {
    let told = sched::with_running(|p| {
        writeln!(out, "Current Process: {:?}", p.pid())?;
        writeln!(
            out,
            "Current Process State: {}",
            state_name(p.shared.state())
        )?;
        writeln!(
            out,
            "Current Process Internal State: {}",
            bits(p.shared.state())
        )?;
        program_counter(out, "Current Process ", p)?;
        writeln!(out, "Current Process Limited Stack Trace:")?;
        return_addresses(out, p)
    });
    told.unwrap_or_else(|| writeln!(out, "Current Process: "))
}

/// All of them.
pub fn all(out: &mut dyn Write, stopped: bool, terms: &mut Terms) -> io::Result<()> {
    let table = &node().processes;
    let guard = crossbeam_epoch::pin();
    for pid in table.pids() {
        let Some(shared) = table.lookup(pid, &guard) else {
            continue;
        };
        writeln!(out, "=proc:{pid:?}")?;
        writeln!(out, "State: {}", state_name(shared.state()))?;
        if let Some(name) = shared.name() {
            writeln!(out, "Name: {}", name.name())?;
        }
        if let Some(p) = private(shared, stopped) {
            inner(out, p)?;
        }
        writeln!(out, "Internal State: {}", bits(shared.state()))?;
    }
    for pid in table.pids() {
        if let Some(p) = table
            .lookup(pid, &guard)
            .and_then(|shared| private(shared, stopped))
        {
            contents(out, p, terms)?;
        }
    }
    Ok(())
}

/// The terms of a process.
fn contents(out: &mut dyn Write, p: &Process, terms: &mut Terms) -> io::Result<()> {
    let pid = p.pid();
    let mut messages = Vec::new();
    p.mailbox.for_each(|t| messages.push(t.raw()));
    if !messages.is_empty() {
        writeln!(out, "=proc_messages:{pid:?}")?;
        for w in messages {
            // SAFETY: a message in the mailbox, which nobody changes.
            terms.value(out, unsafe { Term::from_raw(w) })?;
            // The token of `seq_trace`.
            writeln!(out, ":N")?;
        }
    }
    if let Some(pairs) = p.dictionary.try_pairs().filter(|pairs| !pairs.is_empty()) {
        writeln!(out, "=proc_dictionary:{pid:?}")?;
        for (address, pair) in pairs {
            terms.made_up(out, address, pair)?;
        }
    }
    writeln!(out, "=proc_stack:{pid:?}")?;
    stack(out, p, terms)?;
    writeln!(out, "=proc_heap:{pid:?}")?;
    terms.heap(out)
}

/// The private part, when nobody else uses it.
fn private(shared: &Shared, stopped: bool) -> Option<&Process> {
    let mine = sched::with_running(|p| std::ptr::eq(&p.shared, shared)).unwrap_or(false);
    let alive = shared.state() & (state::DEAD | state::EXITING | state::RUNNING_DIRTY) == 0;
    if !(mine || (stopped && alive)) {
        return None;
    }
    // SAFETY: every `Shared` is the first part of a `Process`. Either this thread runs it, or all schedulers stand still
    // between two slices for good and no dirty thread has it; the caller's epoch keeps it in memory.
    Some(unsafe { &*std::ptr::from_ref(shared).cast::<Process>() })
}

fn inner(out: &mut dyn Write, p: &Process) -> io::Result<()> {
    let f = p.initial_call.get();
    let (module, function) = (f.module.name(), f.function.name());
    writeln!(out, "Spawned as: {module}:{function}/{}", f.arity)?;
    // SAFETY: a pid or an atom.
    let parent = unsafe { Term::from_raw(p.parent.get()) };
    match parent.as_local_pid() {
        Some(pid) => writeln!(out, "Spawned by: {pid:?}")?,
        None => writeln!(out, "Spawned by: []")?,
    }
    writeln!(out, "Message queue length: {}", p.mailbox.len())?;
    let fragments = p.heap.fragment_words();
    writeln!(
        out,
        "Number of heap fragments: {}",
        usize::from(fragments > 0)
    )?;
    writeln!(out, "Heap fragment data: {fragments}")?;
    last_calls(out, p)?;
    links(out, p)?;
    writeln!(
        out,
        "Reductions: {}",
        p.reductions.get().cast_signed().max(0)
    )?;
    let (block, old) = (gc::block_words(p), gc::old_block_words(p));
    let unused = block.saturating_sub(gc::used_words(p) + gc::stack_words(p));
    writeln!(out, "Stack+heap: {block}\nOldHeap: {old}")?;
    writeln!(out, "Heap unused: {unused}")?;
    let old_unused = old.saturating_sub(gc::old_used_words(p));
    writeln!(out, "OldHeap unused: {old_unused}")?;
    writeln!(out, "BinVHeap: {}", p.heap.off_heap_bytes() / 8)?;
    writeln!(out, "OldBinVHeap: {}", p.bin_old_vheap.get())?;
    writeln!(out, "Memory: {}", info::memory(p))?;
    program_counter(out, "", p)
}

fn program_counter(out: &mut dyn Write, label: &str, p: &Process) -> io::Result<()> {
    let text = sched::executor().backtrace(p);
    match text.split(|b| *b == b'\n').next() {
        Some(counter) if !counter.is_empty() => {
            writeln!(out, "{label}{}", String::from_utf8_lossy(counter))
        }
        _ => Ok(()),
    }
}

fn links(out: &mut dyn Write, p: &Process) -> io::Result<()> {
    let mut all: Vec<String> = Vec::new();
    if let Ok(relations) = p.relations.try_borrow()
        && let Some(r) = relations.as_ref()
    {
        // SAFETY: pids and ports: immediates.
        let links = r.links.iter().map(|(w, _)| unsafe { Term::from_raw(*w) });
        all.extend(links.map(text));
        for (reference, m) in r.monitors.iter() {
            if let Target::Process(pid) = m.target {
                all.push(format!("{{to,{pid:?},{}}}", name_of(*reference)));
            }
        }
        for (reference, w) in r.watchers.iter() {
            all.push(format!("{{from,{:?},{}}}", w.pid, name_of(*reference)));
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    writeln!(out, "Link list: [{}]", all.join(", "))
}

fn text(t: Term<'_>) -> String {
    String::from_utf8_lossy(&print::to_bytes(t, 100)).into_owned()
}

fn name_of(reference: RefNumbers) -> String {
    let [n0, n1, n2] = reference.numbers();
    format!("#Ref<0.{n2}.{n1}.{n0}>")
}

/// The stack, the newest frame first: its registers, then where it returns to.
fn stack(out: &mut dyn Write, p: &Process, terms: &mut Terms) -> io::Result<()> {
    let (mut at, end) = (
        p.stack_top.get().cast_const(),
        p.block_end.get().cast_const(),
    );
    let mut register = 0;
    while at < end {
        // SAFETY: a word of the stack of a process that stands still.
        let w = unsafe { *at };
        if is_header(w) && w != 0 {
            let pc = w as *const Word;
            writeln!(out, "{at:p}:SReturn addr {w:#X} ({})", place(pc))?;
            register = 0;
        } else {
            write!(out, "y{register}:")?;
            if w & IMMEDIATE2_MASK == TAG_CATCH {
                write!(out, "SCatch {w:#X}")?;
            } else {
                // SAFETY: as above: a register of a frame holds a term.
                terms.value(out, unsafe { Term::from_raw(w) })?;
            }
            writeln!(out)?;
            register += 1;
        }
        at = at.wrapping_add(1);
    }
    Ok(())
}

/// Saved calls, the newest first.
fn last_calls(out: &mut dyn Write, p: &Process) -> io::Result<()> {
    let Some(saved) = saved_calls::all(p) else {
        return Ok(());
    };
    write!(out, "Last calls:")?;
    for s in saved.into_iter().rev() {
        match s {
            Saved::Call(f) => {
                let (module, function) = (f.module.name(), f.function.name());
                writeln!(out, " {module}:{function}/{}", f.arity)?;
            }
            Saved::Send => writeln!(out, " send")?,
            Saved::Receive => writeln!(out, " 'receive'")?,
            Saved::Timeout => writeln!(out, " timeout")?,
        }
    }
    writeln!(out)
}

/// The function that an address lies in.
fn place(pc: *const Word) -> String {
    match code::locate(pc) {
        Some(code::Location { mfa, .. }) => {
            let (module, function) = (mfa.module.name(), mfa.function.name());
            format!("{module}:{function}/{} + 0", mfa.arity)
        }
        None => "<terminate process normally>".to_string(),
    }
}

/// Return addresses, the newest first.
fn return_addresses(out: &mut dyn Write, p: &Process) -> io::Result<()> {
    let text = sched::executor().backtrace(p);
    for line in text.split(|b| *b == b'\n').skip(1) {
        if let Some(rest) = line.strip_prefix(b"Return addr ") {
            writeln!(out, "0x0:SReturn addr {}", String::from_utf8_lossy(rest))?;
        }
    }
    Ok(())
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

/// The state word as the reference engine names its bits.
fn bits(word: u32) -> String {
    const NAMES: [(u32, &str); 8] = [
        (state::EXITING, "EXITING"),
        (state::ACTIVE, "ACTIVE"),
        (state::IN_QUEUE, "IN_RUNQ"),
        (state::RUNNING, "RUNNING"),
        (state::SUSPENDED, "SUSPENDED"),
        (state::COLLECTING, "GC"),
        (state::SIGNALS, "SIG_Q"),
        (state::RUNNING_DIRTY, "DIRTY_RUNNING"),
    ];
    let named = NAMES.iter().filter(|(bit, _)| word & bit != 0);
    named.map(|(_, name)| *name).collect::<Vec<_>>().join(" | ")
}
