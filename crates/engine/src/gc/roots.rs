//! Every place outside the heap that holds terms of a process. A place that is not here is a stale pointer.

use crate::Process;
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
    p.mailbox.roots(&mut forward);
}

/// Words that [`adopt_examined_message`] is going to add.
pub fn on_heap_to_be(p: &Process) -> usize {
    p.mailbox.examined_words()
}

/// `receive` is in the middle of matching a message: registers may point into it, so it has to move with
/// them. Its fragment becomes the process's and the message a root.
pub fn adopt_examined_message(p: &Process) {
    p.mailbox.adopt_examined(&p.heap);
}
