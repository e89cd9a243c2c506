//! What must hold in every order of events.

use crate::process::state::*;
use crate::process::{Process, Shared};
use crate::sched::state;
use crate::signal::inqueue::InQueue;
use crate::signal::node::Node;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

pub fn all() {
    try_all(
        "senders and a receiver that ends",
        senders_and_a_receiver_that_ends,
    );
    try_all("messages wake a process that goes to sleep", messages_wake);
    try_all(
        "a message and the end of a timer wake it once",
        message_and_timer,
    );
    try_all(
        "signals of a dirty process have one owner",
        dirty_signals_have_one_owner,
    );
    try_all("signals go along into a pool", signals_go_along_into_a_pool);
}

fn try_all(name: &str, model: fn()) {
    let mut builder = loom::model::Builder::new();
    // Orders with more interruptions than these are too many; two find almost all races.
    builder.preemption_bound = Some(3);
    builder.check(model);
    println!("{name}: no order breaks it");
}

fn process(word: u32) -> Arc<Process> {
    Arc::new(Process {
        shared: Shared {
            state: AtomicU32::new(word),
            in_queue: InQueue::default(),
        },
        queue: Default::default(),
        told: AtomicU32::new(0),
    })
}

/// As `signal::send` does.
fn send(p: &Process, number: u32, message: bool) {
    p.shared
        .in_queue
        .push(Node::new(number))
        .expect("it is alive");
    state::signal_arrived(&p.shared, message);
}

/// As `signal::handle` does; how many there were.
fn act_on_signals(p: &Process) -> u32 {
    let mut n = 0;
    loop {
        n += p.shared.in_queue.take().count() as u32;
        p.shared.state.fetch_and(!SIGNALS, Ordering::AcqRel);
        if p.shared.in_queue.is_empty() {
            return n;
        }
    }
}

/// Runs a process as a scheduler does, until it has had so many signals.
fn schedule(p: &Process, expected: u32) {
    let mut got = 0;
    while got < expected {
        p.queue.pop();
        state::run(&p.shared);
        loop {
            if p.shared.state() & TIMEOUT != 0 {
                p.shared.state.fetch_and(!TIMEOUT, Ordering::AcqRel);
                got += 1;
            }
            got += act_on_signals(p);
            if state::wait(&p.shared) {
                break;
            }
        }
    }
    assert_eq!(got, expected);
}

fn senders_and_a_receiver_that_ends() {
    let queue = Arc::new(InQueue::default());
    let senders: Vec<_> = (0..2)
        .map(|sender| {
            let queue = queue.clone();
            thread::spawn(move || {
                (0..2)
                    .filter(|i| queue.push(Node::new(sender * 10 + i)).is_ok())
                    .count()
            })
        })
        .collect();
    let mut got: Vec<u32> = queue.take().map(|n| n.number()).collect();
    got.extend(queue.close().map(|n| n.number()));
    let sent: usize = senders
        .into_iter()
        .map(|s| s.join().expect("a sender"))
        .sum();
    assert_eq!(got.len(), sent, "received or refused");
    assert!(queue.take().is_empty() && queue.close().is_empty());
    for sender in 0..2 {
        let mine: Vec<_> = got.iter().filter(|n| **n / 10 == sender).collect();
        assert!(mine.is_sorted(), "in the order of sending");
    }
}

fn messages_wake() {
    let p = process(0);
    let senders: Vec<_> = (0..2)
        .map(|n| {
            let p = p.clone();
            thread::spawn(move || send(&p, n, true))
        })
        .collect();
    schedule(&p, 2);
    for s in senders {
        s.join().expect("a sender");
    }
}

fn message_and_timer() {
    let p = process(0);
    let timer = {
        let p = p.clone();
        thread::spawn(move || state::timed_out(&p.shared))
    };
    let sender = {
        let p = p.clone();
        thread::spawn(move || send(&p, 1, true))
    };
    schedule(&p, 2);
    timer.join().expect("the timer");
    sender.join().expect("the sender");
}

/// A process on a dirty thread, with somebody who sends it a signal and handles it.
fn dirty_signals_have_one_owner() {
    let p = process(RUNNING_DIRTY);
    let relations = Arc::new(UnsafeCell::new(0u32));
    let other = {
        let (p, relations) = (p.clone(), relations.clone());
        thread::spawn(move || {
            send(&p, 1, false);
            if p.told.load(Ordering::Acquire) == 0 {
                return;
            }
            p.shared.state.fetch_and(!DIRTY_NOTIFIED, Ordering::AcqRel);
            if state::lock_dirty(&p.shared) == Some(true) {
                let n = act_on_signals(&p);
                // SAFETY: loom checks that nobody else is here.
                relations.with_mut(|r| unsafe { *r += n });
                state::unlock_dirty(&p.shared);
            }
        })
    };
    // The native function has returned.
    state::claim(&p.shared);
    let n = act_on_signals(&p);
    // SAFETY: as above.
    relations.with_mut(|r| unsafe { *r += n });
    if !state::wait(&p.shared) {
        state::requeue(&p.shared, 0);
        crate::sched::scheduler::enqueue(state::process_of(&p.shared));
    }
    other.join().expect("the handler");
    // What was not handled keeps the process in its queue.
    if !p.queue.is_empty() {
        state::run(&p.shared);
        let n = act_on_signals(&p);
        // SAFETY: as above.
        relations.with_mut(|r| unsafe { *r += n });
    }
    // SAFETY: as above.
    relations.with(|r| assert_eq!(unsafe { *r }, 1, "each signal is acted on once"));
}

/// A process that goes to a pool while somebody sends: the handler is told, or the process had it before.
fn signals_go_along_into_a_pool() {
    let p = process(RUNNING);
    let sender = {
        let p = p.clone();
        thread::spawn(move || send(&p, 1, false))
    };
    let before = act_on_signals(&p);
    state::go_dirty(&p.shared, DIRTY_CPU);
    sender.join().expect("the sender");
    let told = p.told.load(Ordering::Acquire);
    assert!(before + told >= 1, "nobody knows of the signal");
    assert!(told <= 1, "told once until somebody looks");
}
