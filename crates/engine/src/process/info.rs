//! `process_info`: what a process tells of itself, to itself or, by a signal, to others.

use super::spawn::MaxHeap;
use super::{Process, flag, state};
use crate::signal::mailbox;
use crate::signal::node::Reply;
use crate::signal::relations::Target;
use crate::signal::{Parcel, send};
use crate::trace::flags;
use crate::{gc, logger, node, sched};
use corten_term::layout::{self, header_sub, sub};
use corten_term::{Atom, Binary, Heap, Term, am, copy};
use std::sync::atomic::Ordering;

/// One item: its name, and the key of `{dictionary, Key}`.
#[derive(Debug)]
pub struct Item {
    pub name: Atom,
    pub key: Option<Parcel>,
}

/// What was asked.
#[derive(Debug)]
pub enum Request {
    /// `process_info/2` with one item.
    One(Item),
    /// With a list of them.
    List(Vec<Item>),
    /// `process_info/1`.
    Default,
}

/// The items of `process_info/1`, in order; `registered_name` comes first if there is a name.
const DEFAULT: [Atom; 16] = [
    am::current_function,
    am::initial_call,
    am::status,
    am::message_queue_len,
    am::links,
    am::dictionary,
    am::trap_exit,
    am::error_handler,
    am::priority,
    am::group_leader,
    am::total_heap_size,
    am::heap_size,
    am::stack_size,
    am::reductions,
    am::garbage_collection,
    am::suspending,
];

/// Answers a request that came by a signal. The process is swapped out.
pub(crate) fn answer(p: &Process, reply: Reply, request: &Request) {
    send::answer(reply, |heap| gather(p, request, heap, false));
}

/// The answer, built on `heap`. `own`: the process asks about itself.
pub fn gather<'h>(p: &Process, request: &Request, heap: &'h Heap, own: bool) -> Term<'h> {
    match request {
        Request::One(item) => {
            if item.name == am::registered_name && p.registered_name().is_none() {
                return Term::NIL;
            }
            pair(p, item, heap, own)
        }
        Request::List(items) => {
            let all: Vec<_> = items.iter().map(|i| pair(p, i, heap, own)).collect();
            heap.list(&all)
        }
        Request::Default => {
            let name = p.registered_name().map(|_| am::registered_name);
            let all: Vec<_> = name
                .into_iter()
                .chain(DEFAULT)
                .map(|name| pair(p, &Item { name, key: None }, heap, own))
                .collect();
            heap.list(&all)
        }
    }
}

fn pair<'h>(p: &Process, item: &Item, heap: &'h Heap, own: bool) -> Term<'h> {
    if let Some(key) = &item.key {
        let name = heap.tuple(&[Term::atom(item.name), copy::copy(key.term(), heap)]);
        return heap.tuple(&[name, dictionary_value(p, key.term(), heap)]);
    }
    let value = value(p, item.name, heap, own).unwrap_or(Term::UNDEFINED);
    heap.tuple(&[Term::atom(item.name), value])
}

/// Whether there is such an item.
pub fn is_item(name: Atom) -> bool {
    ITEMS.contains(&name) || name == am::priority_messages && node().config.release() >= 28
}

/// Whether the answer depends on what the process allocates.
pub(crate) fn is_about_heap(name: Atom) -> bool {
    matches!(
        name,
        am::memory
            | am::total_heap_size
            | am::garbage_collection_info
            | am::binary
            | am::reductions
    )
}

/// All of them, but `{dictionary, Key}`.
pub fn items() -> &'static [Atom] {
    &ITEMS
}

static ITEMS: [Atom; 39] = [
    am::registered_name,
    am::current_function,
    am::initial_call,
    am::status,
    am::messages,
    am::message_queue_len,
    am::links,
    am::monitors,
    am::monitored_by,
    am::dictionary,
    am::trap_exit,
    am::error_handler,
    am::heap_size,
    am::stack_size,
    am::memory,
    am::garbage_collection,
    am::garbage_collection_info,
    am::group_leader,
    am::reductions,
    am::priority,
    am::trace,
    am::binary,
    am::sequential_trace_token,
    am::catchlevel,
    am::backtrace,
    am::last_calls,
    am::total_heap_size,
    am::suspending,
    am::min_heap_size,
    am::min_bin_vheap_size,
    am::max_heap_size,
    am::current_location,
    am::current_stacktrace,
    am::message_queue_data,
    am::magic_ref,
    am::fullsweep_after,
    am::parent,
    am::async_dist,
    am::label,
];

fn number(n: usize) -> Term<'static> {
    Term::small(i64::try_from(n).unwrap_or(layout::SMALL_MAX))
}

fn value<'h>(p: &Process, name: Atom, heap: &'h Heap, own: bool) -> Option<Term<'h>> {
    Some(match name {
        am::registered_name => p.registered_name().map_or(Term::NIL, Term::atom),
        am::current_function => match sched::executor().current_function(p) {
            Some(f) => mfa(heap, f),
            None => Term::UNDEFINED,
        },
        am::initial_call => mfa(heap, p.initial_call.get()),
        am::status => Term::atom(status(p, own)),
        am::messages | am::dictionary if p.has_flag(flag::SENSITIVE) => Term::NIL,
        am::backtrace if p.has_flag(flag::SENSITIVE) => heap.binary(&[]),
        am::messages => {
            let mut all = Vec::with_capacity(p.mailbox.len());
            p.mailbox.for_each(|t| all.push(copy::copy(t, heap)));
            heap.list(&all)
        }
        am::message_queue_len => number(p.mailbox.len()),
        am::links | am::monitors | am::monitored_by | am::suspending => relations(p, name, heap),
        am::dictionary => {
            // SAFETY: we run the process; nothing of it moves here.
            let pairs = unsafe { p.dictionary.pairs() };
            let all: Vec<_> = pairs
                .iter()
                .map(|(k, v)| heap.tuple(&[copy::copy(*k, heap), copy::copy(*v, heap)]))
                .collect();
            heap.list(&all)
        }
        am::label => {
            let key = Atom::new("$process_label").ok()?;
            dictionary_value(p, Term::atom(key), heap)
        }
        am::trap_exit => Term::bool(p.shared.traps_exit()),
        am::error_handler => Term::atom(p.error_handler()),
        am::heap_size => number(gc::block_words(p)),
        am::stack_size => number(gc::stack_words(p)),
        am::total_heap_size => number(
            gc::block_words(p)
                + gc::old_block_words(p)
                + p.heap.fragment_words()
                + payload_words(p),
        ),
        am::memory => number(memory(p)),
        am::garbage_collection => collection(p, heap),
        am::garbage_collection_info => collection_info(p, heap),
        am::group_leader => copy::copy(p.group_leader_term(), heap),
        am::reductions => {
            let used = sched::SLICE.saturating_sub(p.reductions_left.get()).max(0);
            heap.uint(p.reductions.get().wrapping_add(used as u64))
        }
        am::priority => Term::atom(priority_name(p.shared.priority())),
        am::trace => Term::small(i64::from(p.shared.trace_flags() & !flags::HIDDEN)),
        am::binary => binaries(p, heap),
        am::sequential_trace_token => match p.cold.borrow().as_ref() {
            // SAFETY: a root of the process.
            Some(c) => copy::copy(unsafe { Term::from_raw(c.seq_trace_token.get()) }, heap),
            None => Term::NIL,
        },
        am::catchlevel => number(catches(p)),
        am::backtrace => heap.binary(&sched::executor().backtrace(p)),
        am::last_calls => super::saved_calls::term(p, heap),
        am::min_heap_size => number(p.min_heap_size.get() as usize),
        am::min_bin_vheap_size => number(p.min_bin_vheap_size.get() as usize),
        am::max_heap_size => max_heap(heap, MaxHeap::of(p)),
        am::current_stacktrace => {
            sched::executor().stacktrace(p, heap, crate::settings::backtrace_depth())
        }
        am::current_location => {
            let all = sched::executor().stacktrace(p, heap, 1);
            all.as_cons().map_or(Term::UNDEFINED, |(first, _)| first)
        }
        am::message_queue_data => Term::atom(if p.has_flag(flag::OFF_HEAP_MESSAGES) {
            am::off_heap
        } else {
            am::on_heap
        }),
        am::magic_ref => Term::NIL,
        am::fullsweep_after => number(usize::from(p.fullsweep_after.get())),
        // SAFETY: a pid or atom.
        am::parent => unsafe { Term::from_raw(p.parent.get()) },
        am::async_dist => Term::bool(p.has_flag(flag::ASYNC_DIST)),
        am::priority_messages => Term::bool(
            p.relations
                .borrow()
                .as_ref()
                .is_some_and(|r| r.has_priority()),
        ),
        _ => return None,
    })
}

fn mfa(heap: &Heap, f: super::Mfa) -> Term<'_> {
    heap.tuple(&[
        Term::atom(f.module),
        Term::atom(f.function),
        Term::small(i64::from(f.arity)),
    ])
}

/// `max`, `high`, `normal` or `low`.
pub fn priority_name(priority: u32) -> Atom {
    match priority {
        0 => am::max,
        1 => am::high,
        3 => am::low,
        _ => am::normal,
    }
}

/// The number of a priority.
pub fn priority_number(name: Atom) -> Option<u32> {
    Some(match name {
        am::max => 0,
        am::high => 1,
        am::normal => 2,
        am::low => 3,
        _ => return None,
    })
}

fn status(p: &Process, own: bool) -> Atom {
    let s = p.shared.state();
    if s & (state::EXITING | state::DEAD) != 0 {
        am::exiting
    } else if own || s & state::RUNNING_DIRTY != 0 {
        am::running
    } else if s & state::COLLECTING != 0 {
        am::garbage_collecting
    } else if s & state::SUSPENDED != 0 {
        am::suspended
    } else if s & state::ACTIVE != 0 {
        am::runnable
    } else {
        am::waiting
    }
}

fn dictionary_value<'h>(p: &Process, key: Term<'_>, heap: &'h Heap) -> Term<'h> {
    // SAFETY: the key is only compared with.
    let key = unsafe { Term::from_raw(key.raw()) };
    if p.has_flag(flag::SENSITIVE) {
        return Term::UNDEFINED;
    }
    p.dictionary
        .get(key)
        .map_or(Term::UNDEFINED, |v| copy::copy(v, heap))
}

fn relations<'h>(p: &Process, name: Atom, heap: &'h Heap) -> Term<'h> {
    let r = p.relations.borrow();
    let Some(r) = r.as_ref() else {
        return Term::NIL;
    };
    let all: Vec<Term<'h>> = match name {
        am::links => r
            .links
            .iter()
            .filter(|(_, l)| l.unlinking == 0)
            // SAFETY: pids and ports: immediates.
            .map(|(w, _)| unsafe { Term::from_raw(*w) })
            .collect(),
        am::monitors => r
            .monitors
            .iter()
            .map(|(_, m)| {
                let (kind, what) = match (m.name, &m.object, m.target) {
                    (Some(n), _, t) => (
                        if matches!(t, Target::Port(_) | Target::NoPort) {
                            am::port
                        } else {
                            am::process
                        },
                        heap.tuple(&[Term::atom(n), Term::atom(node().name())]),
                    ),
                    (None, Some(o), _) => (am::process, copy::copy(o.term(), heap)),
                    (None, None, Target::Process(pid)) => (am::process, Term::pid(pid)),
                    (None, None, Target::Port(port)) => (am::port, Term::port(port)),
                    (None, None, Target::TimeOffset) => {
                        (am::time_offset, Term::atom(am::clock_service))
                    }
                    (None, None, Target::Remote | Target::NoPort) => (am::process, Term::UNDEFINED),
                };
                heap.tuple(&[Term::atom(kind), what])
            })
            .collect(),
        am::monitored_by => r.watchers.iter().map(|(_, w)| Term::pid(w.pid)).collect(),
        _ => r
            .suspending
            .iter()
            .map(|(pid, s)| {
                let (count, none) = (Term::small(i64::from(s.count)), Term::small(0));
                let [active, outstanding] = match s.active.load(Ordering::Acquire) {
                    true => [count, none],
                    false => [none, count],
                };
                heap.tuple(&[Term::pid(*pid), active, outstanding])
            })
            .collect(),
    };
    heap.list(&all)
}

fn payload_words(p: &Process) -> usize {
    if p.has_flag(flag::OFF_HEAP_MESSAGES) {
        0
    } else {
        p.mailbox.payload_words()
    }
}

/// Bytes that the process takes.
pub fn memory(p: &Process) -> usize {
    size_of::<Process>()
        + 8 * (gc::block_words(p)
            + gc::old_block_words(p)
            + p.heap.fragment_words()
            + p.mailbox.payload_words())
}

/// `max_heap_size` as a map.
pub fn max_heap(heap: &Heap, m: MaxHeap) -> Term<'_> {
    logger::map(
        heap,
        vec![
            (am::size, number(m.words)),
            (am::kill, Term::bool(m.kill)),
            (am::error_logger, Term::bool(m.log)),
            (am::include_shared_binaries, Term::bool(m.include_binaries)),
        ],
    )
}

fn tagged<'h>(heap: &'h Heap, pairs: &[(Atom, Term<'h>)]) -> Term<'h> {
    let all: Vec<_> = pairs
        .iter()
        .map(|(n, v)| heap.tuple(&[Term::atom(*n), *v]))
        .collect();
    heap.list(&all)
}

fn collection<'h>(p: &Process, heap: &'h Heap) -> Term<'h> {
    tagged(
        heap,
        &[
            (am::max_heap_size, max_heap(heap, MaxHeap::of(p))),
            (
                am::min_bin_vheap_size,
                number(p.min_bin_vheap_size.get() as usize),
            ),
            (am::min_heap_size, number(p.min_heap_size.get() as usize)),
            (
                am::fullsweep_after,
                number(usize::from(p.fullsweep_after.get())),
            ),
            (
                am::minor_gcs,
                number(usize::from(p.minor_collections.get())),
            ),
        ],
    )
}

/// `garbage_collection_info`.
pub(crate) fn collection_info<'h>(p: &Process, heap: &'h Heap) -> Term<'h> {
    let words = |w: u32| number(w as usize);
    tagged(
        heap,
        &[
            (am::old_heap_block_size, number(gc::old_block_words(p))),
            (am::heap_block_size, number(gc::block_words(p))),
            (am::mbuf_size, number(p.heap.fragment_words())),
            (
                am::recent_size,
                number(
                    (p.high_water.get() as usize).saturating_sub(p.block_start.get() as usize) / 8,
                ),
            ),
            (am::stack_size, number(gc::stack_words(p))),
            (am::old_heap_size, number(gc::old_used_words(p))),
            (am::heap_size, number(gc::used_words(p))),
            (am::bin_vheap_size, number(p.heap.off_heap_bytes() / 8)),
            (am::bin_vheap_block_size, words(p.bin_vheap_limit.get())),
            (am::bin_old_vheap_size, words(p.bin_old_vheap.get())),
            (
                am::bin_old_vheap_block_size,
                words(p.bin_old_vheap_limit.get()),
            ),
        ],
    )
}

/// `{Address, Bytes, References}` of each off-heap binary.
fn binaries<'h>(p: &Process, heap: &'h Heap) -> Term<'h> {
    let mut all = Vec::new();
    let mut object = p.heap.off_heap();
    while !object.is_null() {
        // SAFETY: objects on the off-heap list of a process that we run are complete.
        unsafe {
            if header_sub(*object) == sub::BIN_REF {
                let raw = *object.add(1);
                let b = Binary::clone_raw(raw as *mut _);
                let (size, references) = (b.len(), b.references() - 1);
                all.push(heap.tuple(&[heap.uint(raw), number(size), number(references)]));
            }
            object = *layout::off_heap_link(object) as *mut _;
        }
    }
    heap.list(&all)
}

/// Catches on the stack.
fn catches(p: &Process) -> usize {
    let (mut at, end) = (p.stack_top.get(), p.block_end.get());
    let mut n = 0;
    while at < end {
        // SAFETY: the stack lies between its top and the end of the block.
        unsafe {
            if *at & layout::IMMEDIATE2_MASK == layout::TAG_CATCH {
                n += 1;
            }
            at = at.add(1);
        }
    }
    n
}

/// All messages of the calling process, on its heap.
pub fn own_messages(p: &Process) -> Vec<Term<'_>> {
    mailbox::messages(p)
}
