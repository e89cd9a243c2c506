//! Every place outside the heap that holds terms of a process. A place that is not here is a stale pointer.

use crate::Process;
use crate::signal::{Body, Message, Signal};
use corten_term::Word;

/// Shows every root except stack and live registers to `forward`.
pub fn visit(p: &Process, mut forward: impl FnMut(&mut Word)) {
    let mut cell = |c: &std::cell::Cell<Word>| {
        let mut w = c.get();
        forward(&mut w);
        c.set(w);
    };
    cell(&p.exception.reason);
    cell(&p.exception.trace);
    if let Some(cold) = p.cold.borrow_mut().as_mut() {
        cell(&cold.seq_trace_token);
        cold.saved.borrow_mut().iter_mut().for_each(&mut forward);
    }
    p.dictionary.roots(&mut forward);
    for_each_on_heap(p, |m| {
        forward(&mut m.parcel.term);
        forward(&mut m.token);
    });
}

fn for_each_on_heap(p: &Process, mut f: impl FnMut(&mut Message)) {
    if p.mailbox.on_heap.get() == 0 {
        return;
    }
    let mut node: *mut Signal = p.mailbox.first.get();
    while !node.is_null() {
        // SAFETY: the mailbox owns its nodes, and we run the process.
        let signal = unsafe { &mut *node };
        if let Body::Message(m) = &mut signal.body
            && m.on_heap
        {
            f(m);
        }
        node = signal.next;
    }
}

fn examined(p: &Process) -> Option<&mut Message> {
    let save = p.mailbox.save.get();
    if !p.mailbox.examining.get() || save.is_null() {
        return None;
    }
    // SAFETY: the save pointer is a link within the mailbox; we run the process.
    let signal = unsafe { (*save).as_mut()? };
    match &mut signal.body {
        Body::Message(m) if !m.on_heap => Some(m),
        _ => None,
    }
}

/// Words that [`adopt_examined_message`] is going to add.
pub fn on_heap_to_be(p: &Process) -> usize {
    examined(p).map_or(0, |m| m.parcel.heap.used_fragment_words())
}

/// `receive` is in the middle of matching a message: registers may point into it, so it has to move with
/// them. Its fragment becomes the process's and the message a root.
pub fn adopt_examined_message(p: &Process) {
    if let Some(m) = examined(p) {
        p.heap.adopt(std::mem::take(&mut m.parcel.heap));
        m.on_heap = true;
        p.mailbox.on_heap.set(p.mailbox.on_heap.get() + 1);
    }
}
