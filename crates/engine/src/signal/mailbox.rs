//! The mailbox: messages in order of arrival, the save pointer of `receive`, receive markers.
//!
//! Owned by the process: only the thread that runs it comes here. Messages are linked through their nodes.
//! `save` is the address of the link that points to what `receive` looks at next, so a message is unlinked
//! without a search; `last` is the address of the link at the end; null stands for the address of `first`.
//!
//! A receive marker is a node in the list too. It stands where the list ended when a reference was about to
//! be made: no message before it can contain the reference, so a `receive` for that reference starts
//! there. A marker knows the link that points to it, and whoever changes that link tells it.
//!
//! Priority messages stand in front of all others, in order of arrival. A marker of its own, the *fence*, is behind them,
//! from the first one on. One that arrives when `receive` has gone past the fence interrupts the search: `save` goes to it,
//! and at the fence back to where it was. Nothing but markers tells priority messages, so the fast paths, which stop at
//! markers, need not know of them.

use super::node::{Kind, Message, Node, Signal};
use crate::Process;
use corten_term::memory::prefetch;
use corten_term::{RefNumbers, Term, Word};
use std::cell::{Cell, OnceCell, RefCell};
use std::ptr;

/// A process has at most this many receive markers; the oldest one goes when there is need of another.
const MAX_MARKERS: usize = 8;

/// A place in the mailbox.
#[derive(Debug)]
#[repr(C)]
struct Marker {
    head: Signal,
    /// The link that points to this node.
    incoming: *mut *mut Signal,
    id: u32,
    reference: Option<RefNumbers>,
}

/// The number of the fence; receive markers have less.
const FENCE: u32 = u32::MAX;

#[derive(Debug)]
struct Markers {
    next_id: Cell<u32>,
    /// Receive markers, oldest first; each is a leaked box.
    all: RefCell<Vec<*mut Marker>>,
    /// A leaked box; null before the first priority message.
    fence: Cell<*mut Marker>,
    /// Where to go on when the fence is reached; null: right behind it.
    resume: Cell<*mut *mut Signal>,
    /// A priority message has come while one behind the fence was being examined: to be looked at before waiting.
    unseen: Cell<bool>,
}

impl Default for Markers {
    fn default() -> Markers {
        Markers {
            next_id: Cell::new(0),
            all: RefCell::default(),
            fence: Cell::new(ptr::null_mut()),
            resume: Cell::new(ptr::null_mut()),
            unseen: Cell::new(false),
        }
    }
}

/// See the module page.
#[derive(Debug)]
pub struct Mailbox {
    first: Cell<*mut Signal>,
    last: Cell<*mut *mut Signal>,
    save: Cell<*mut *mut Signal>,
    len: Cell<usize>,
    /// `loop_rec` has put the message at the save pointer into a register: the collector adopts it if it comes by.
    examining: Cell<bool>,
    /// `receive` has gone past the fence, even if it is back among priority messages.
    beyond: Cell<bool>,
    /// Messages that the collector has moved to the heap and that are roots since.
    on_heap: Cell<u32>,
    markers: OnceCell<Box<Markers>>,
}

impl Default for Mailbox {
    fn default() -> Mailbox {
        Mailbox {
            first: Cell::new(ptr::null_mut()),
            last: Cell::new(ptr::null_mut()),
            save: Cell::new(ptr::null_mut()),
            len: Cell::new(0),
            examining: Cell::new(false),
            beyond: Cell::new(false),
            on_heap: Cell::new(0),
            markers: OnceCell::new(),
        }
    }
}

impl Mailbox {
    /// Messages in the mailbox.
    pub fn len(&self) -> usize {
        self.len.get()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn last(&self) -> *mut *mut Signal {
        let l = self.last.get();
        if l.is_null() { self.first.as_ptr() } else { l }
    }
    fn save(&self) -> *mut *mut Signal {
        let l = self.save.get();
        if l.is_null() { self.first.as_ptr() } else { l }
    }

    /// Appends a message.
    pub(super) fn push(&self, message: Node) {
        debug_assert!(message.is_message());
        let node = message.into_raw();
        // SAFETY: `last` is the link at the end of our list; the node is ours.
        unsafe {
            (*node).next = ptr::null_mut();
            *self.last() = node;
            self.last.set(&raw mut (*node).next);
        }
        self.len.set(self.len.get() + 1);
    }

    /// Puts a message behind the priority messages that are here, in front of all others.
    pub(super) fn push_first(&self, message: Node) {
        debug_assert!(message.is_message());
        let markers = self.markers.get_or_init(Box::default);
        if markers.fence.get().is_null() {
            self.raise_fence(markers);
        }
        let fence = markers.fence.get();
        let node = message.into_raw();
        // SAFETY: the fence is in our list and knows the link that points to it; the node is ours.
        unsafe {
            let link = (*fence).incoming;
            (*node).next = fence.cast();
            *link = node;
            (*fence).incoming = &raw mut (*node).next;
            if self.beyond.get() && markers.resume.get().is_null() {
                if self.examining.get() {
                    markers.unseen.set(true);
                } else {
                    markers.resume.set(self.save());
                    self.save.set(link);
                }
            }
        }
        self.len.set(self.len.get() + 1);
    }

    /// The first priority message comes: a fence in front of all that are here.
    #[cold]
    fn raise_fence(&self, markers: &Markers) {
        let first = self.first.as_ptr();
        let at_first = self.save() == first;
        let fence = Box::into_raw(Box::new(Marker {
            head: Signal::new(Kind::Marker),
            incoming: first,
            id: FENCE,
            reference: None,
        }));
        // SAFETY: `first` is the first link of our list.
        unsafe {
            let next = &raw mut (*fence).head.next;
            *next = *first;
            *first = fence.cast();
            self.moved(*next, next);
            if self.last() == first {
                self.last.set(next);
            }
            if at_first && self.examining.get() {
                self.save.set(next);
            }
        }
        self.beyond.set(!at_first || self.examining.get());
        markers.fence.set(fence);
    }

    /// The node at the save pointer, markers passed over; null at the end.
    fn current(&self) -> *mut Signal {
        // SAFETY: links of our list.
        unsafe {
            let mut link = self.save();
            loop {
                let node = *link;
                if node.is_null() {
                    if !(self.beyond.get() && self.back_to_unseen(link)) {
                        return node;
                    }
                    link = self.save();
                    continue;
                }
                if (*node).kind != Kind::Marker {
                    return node;
                }
                link = &raw mut (*node).next;
                if (*node.cast::<Marker>()).id == FENCE {
                    link = self.pass_fence(link);
                }
                self.save.set(link);
            }
        }
    }

    /// Where `receive` goes on behind the fence, whose link to the next node is `next`.
    #[cold]
    fn pass_fence(&self, next: *mut *mut Signal) -> *mut *mut Signal {
        self.beyond.set(true);
        match self
            .markers
            .get()
            .map(|m| m.resume.replace(ptr::null_mut()))
        {
            Some(resume) if !resume.is_null() => resume,
            _ => next,
        }
    }

    /// At the end: true, and the save pointer is at the first message, if there are priority messages that `receive` has not seen.
    #[cold]
    fn back_to_unseen(&self, end: *mut *mut Signal) -> bool {
        let unseen = self.markers.get().filter(|m| m.unseen.replace(false));
        if let Some(m) = unseen {
            m.resume.set(end);
            self.save.set(ptr::null_mut());
        }
        unseen.is_some()
    }

    /// Forgets that `receive` was past the fence.
    #[cold]
    fn back_from_beyond(&self) {
        self.beyond.set(false);
        if let Some(m) = self.markers.get() {
            m.resume.set(ptr::null_mut());
            m.unseen.set(false);
        }
    }

    /// The next `receive` begins at `link`, which is behind the fence if there is one; `priority`: not before it has looked at
    /// priority messages.
    fn start_at(&self, link: *mut *mut Signal, priority: bool) {
        self.examining.set(false);
        self.save.set(link);
        let Some(m) = self.markers.get() else { return };
        if m.fence.get().is_null() {
            return;
        }
        self.back_from_beyond();
        self.beyond.set(true);
        if priority {
            m.resume.set(link);
            self.save.set(ptr::null_mut());
        }
    }

    /// The message at the save pointer, if there is one and nothing is in the way: [`Mailbox::examine`] without a loop, and
    /// without [`Mailbox::settle_first`].
    #[inline(always)]
    pub(crate) fn examine_quickly(&self) -> Option<Word> {
        // SAFETY: links of our list.
        unsafe {
            let node = *self.save();
            if node.is_null() || (*node).kind != Kind::Message {
                return None;
            }
            if self.save.get().is_null() && Node::is_light(node) {
                return None;
            }
            self.examining.set(true);
            // In a long queue each message is a cache miss or two: the one after the next is fetched ahead, its node and
            // what lies in front of that, the term.
            let next = (*node).next;
            if !next.is_null() {
                let later = (*next).next.cast_const().cast::<u8>();
                prefetch(later);
                prefetch(later.wrapping_sub(64));
            }
            Some((*node.cast::<Message>()).term)
        }
    }
    /// Copies the first message to the heap if it is light, is examined next and there is room. It is in the cache now, and
    /// what it lies in is free for the next message as soon as it is received; else the collector would have to find
    /// that again, with many others. Only the first one, which mostly matches: a search does not do this to a long queue.
    #[inline]
    pub(super) fn settle_first(&self, heap: &corten_term::Heap) {
        let node = self.first.get();
        if node.is_null() || !self.save.get().is_null() {
            return;
        }
        // SAFETY: a node of our list.
        if unsafe { Node::is_light(node) && Node::settle(node, heap) } {
            self.on_heap.set(self.on_heap.get() + 1);
        }
    }
    /// The message that [`Mailbox::examine_quickly`] gave does not match: on to the next one.
    #[inline(always)]
    pub(crate) fn pass_over(&self) {
        // SAFETY: links of our list; a message is examined, so the save pointer is at one.
        unsafe {
            let node = *self.save();
            if !node.is_null() && (*node).kind == Kind::Message {
                self.examining.set(false);
                self.save.set(&raw mut (*node).next);
            } else {
                self.advance();
            }
        }
    }

    /// From the message at the save pointer on, passes over those that do not match, at most `most`: how many they
    /// are, and the next message, which is examined from now on, unless there is none or something is in the way.
    #[inline(always)]
    pub(crate) fn pass_over_others(
        &self,
        most: i64,
        matches: impl Fn(Word) -> bool,
    ) -> (i64, Option<Word>) {
        let mut passed = 0;
        let mut link = self.save();
        // SAFETY: links of our list.
        unsafe {
            let mut node = *link;
            let found = loop {
                if node.is_null() || (*node).kind != Kind::Message {
                    break None;
                }
                // Mostly they lie as far apart as they did when they were sent one after the other.
                let next = (*node).next;
                let apart = (next as isize).wrapping_sub(node as isize);
                let later = node.cast::<u8>().wrapping_offset(apart.wrapping_mul(8));
                prefetch(later);
                prefetch(later.wrapping_sub(64));
                let term = (*node.cast::<Message>()).term;
                if passed >= most || matches(term) {
                    break Some(term);
                }
                passed += 1;
                link = &raw mut (*node).next;
                node = next;
            };
            if passed > 0 {
                self.save.set(link);
            }
            self.examining.set(found.is_some());
            (passed, found)
        }
    }

    /// The message at the save pointer: it is being examined from now on.
    #[inline]
    pub(super) fn examine(&self) -> Option<Word> {
        let node = self.current();
        if node.is_null() {
            self.examining.set(false);
            return None;
        }
        self.examining.set(true);
        // SAFETY: `current` is null or a message of ours.
        Some(unsafe { (*node.cast::<Message>()).term })
    }

    /// The message at the save pointer does not match: on to the next one.
    pub(super) fn advance(&self) {
        self.examining.set(false);
        let node = self.current();
        if !node.is_null() {
            // SAFETY: a node of our list.
            self.save.set(unsafe { &raw mut (*node).next });
        }
    }

    /// The next `receive` starts at the first message.
    pub(super) fn reset(&self) {
        self.examining.set(false);
        self.save.set(ptr::null_mut());
        if self.beyond.get() {
            self.back_from_beyond();
        }
    }

    /// The next `receive` starts behind all messages that are here now.
    pub(super) fn skip_present(&self) {
        self.start_at(self.last(), false);
    }

    /// Puts the link `at` to what comes behind the node it points to.
    ///
    /// # Safety
    /// `at` is a link of our list that points to a node.
    unsafe fn unlink(&self, at: *mut *mut Signal) -> *mut Signal {
        // SAFETY: by the caller's promise; a marker behind is told its new link.
        unsafe {
            let node = *at;
            let after = &raw mut (*node).next;
            *at = *after;
            self.moved(*at, at);
            if self.last() == after {
                self.last.set(at);
            }
            if self.save() == after {
                self.save.set(at);
            }
            self.resumes_at(after, at);
            (*node).next = ptr::null_mut();
            node
        }
    }

    /// A link has another place now, which `receive` may be about to go back to.
    fn resumes_at(&self, old: *mut *mut Signal, new: *mut *mut Signal) {
        if self.beyond.get()
            && let Some(m) = self.markers.get()
            && m.resume.get() == old
        {
            m.resume.set(new);
        }
    }

    /// Tells a marker which link points to it now.
    ///
    /// # Safety
    /// `node` is null or a node of our list.
    unsafe fn moved(&self, node: *mut Signal, link: *mut *mut Signal) {
        // SAFETY: by the caller's promise.
        unsafe {
            if !node.is_null() && (*node).kind == Kind::Marker {
                (*node.cast::<Marker>()).incoming = link;
            }
        }
    }

    /// Takes the message at the save pointer out.
    pub(super) fn remove(&self) -> Option<Node> {
        if self.current().is_null() {
            return None;
        }
        self.examining.set(false);
        // SAFETY: `current` left `save` at the link of a message of ours.
        unsafe { Some(self.take(self.save())) }
    }

    /// # Safety
    /// `at` is a link of our list that points to a message.
    unsafe fn take(&self, at: *mut *mut Signal) -> Node {
        // SAFETY: by the caller's promise.
        unsafe {
            let node = self.unlink(at);
            self.len.set(self.len.get() - 1);
            if (*node).on_heap {
                self.on_heap.set(self.on_heap.get() - 1);
            }
            Node::from_raw(node)
        }
    }

    /// Takes out every message that `f` tells to.
    pub(super) fn retain(&self, mut f: impl FnMut(Term<'_>) -> bool) {
        let mut link = self.first.as_ptr();
        // SAFETY: we walk our own list; `take` leaves `link` valid.
        unsafe {
            while !(*link).is_null() {
                let node = *link;
                if (*node).kind == Kind::Message
                    && !f(Term::from_raw((*node.cast::<Message>()).term))
                {
                    drop(self.take(link));
                } else {
                    link = &raw mut (*node).next;
                }
            }
        }
    }

    /// Calls `f` with each message, oldest first.
    pub fn for_each(&self, mut f: impl FnMut(Term<'_>)) {
        self.retain(|t| {
            f(t);
            true
        });
    }

    /// Takes all messages out, as the process ends.
    pub(crate) fn clear(&self) {
        self.reset();
        self.retain(|_| false);
        let Some(m) = self.markers.get() else { return };
        let mut all = m.all.take();
        let fence = m.fence.replace(ptr::null_mut());
        all.extend((!fence.is_null()).then_some(fence));
        for marker in all {
            // SAFETY: a marker of ours, in the list, and no longer in `markers`.
            unsafe { self.drop_marker(marker) };
        }
    }

    /// Words of messages that lie outside the heap.
    pub fn payload_words(&self) -> usize {
        let (mut node, mut n) = (self.first.get(), 0);
        while !node.is_null() {
            // SAFETY: nodes of our list.
            unsafe {
                if (*node).kind == Kind::Message {
                    n += size_of::<Message>() / 8 + Node::payload_words(node);
                }
                node = (*node).next;
            }
        }
        n
    }

    // ---- for the collector ----

    fn examined(&self) -> Option<*mut Signal> {
        if !self.examining.get() {
            return None;
        }
        let node = self.current();
        // SAFETY: null or a message of ours.
        (!node.is_null() && unsafe { !(*node).on_heap }).then_some(node)
    }

    /// Words that [`Mailbox::adopt_examined`] is going to add to the heap.
    pub fn examined_words(&self) -> usize {
        // SAFETY: a message of our list.
        self.examined()
            .map_or(0, |n| unsafe { Node::payload_words(n) })
    }

    /// `receive` is in the middle of matching a message: registers may point into it, so it has to move with
    /// them. Its payload becomes the process's and the message a root.
    pub fn adopt_examined(&self, heap: &corten_term::Heap) {
        if self.examined().is_some() {
            // SAFETY: `save` points to the message that is examined.
            unsafe { self.adopt(self.save(), heap) };
        }
    }

    /// The payload of a message becomes the process's, the message a root.
    ///
    /// # Safety
    /// `at` is a link of our list that points to a message which is not on the heap yet.
    unsafe fn adopt(&self, at: *mut *mut Signal, heap: &corten_term::Heap) {
        // SAFETY: the node is ours; its replacement takes its place in the list.
        unsafe {
            let node = *at;
            let after = &raw mut (*node).next;
            let (was_last, was_save) = (self.last() == after, self.save() == after);
            let rest = (*node).next;
            let new = Node::from_raw(node).move_to_heap(heap).into_raw();
            *at = new;
            (*new).next = rest;
            self.moved(rest, &raw mut (*new).next);
            if was_last {
                self.last.set(&raw mut (*new).next);
            }
            if was_save {
                self.save.set(&raw mut (*new).next);
            }
            self.resumes_at(after, &raw mut (*new).next);
        }
        self.on_heap.set(self.on_heap.get() + 1);
    }

    /// Does that with every message, not on the heap yet, that `f` picks by its term, its token and its fragments;
    /// whether there was one.
    pub fn adopt_where(
        &self,
        heap: &corten_term::Heap,
        mut f: impl FnMut([Word; 2], *mut corten_term::heap::Fragment) -> bool,
    ) -> bool {
        let mut link = self.first.as_ptr();
        let mut any = false;
        // SAFETY: we walk our own list; `adopt` leaves `link` valid, with another node behind it.
        unsafe {
            while !(*link).is_null() {
                let node = *link;
                if (*node).kind == Kind::Message && !(*node).on_heap {
                    let m = node.cast::<Message>();
                    if f([(*m).term, (*m).token], (*m).fragment) {
                        self.adopt(link, heap);
                        any = true;
                    }
                }
                link = &raw mut (**link).next;
            }
        }
        any
    }

    /// Messages carry no sequential trace tokens any more.
    pub(crate) fn forget_tokens(&self) {
        let mut node = self.first.get();
        while !node.is_null() {
            // SAFETY: nodes of our list.
            unsafe {
                if (*node).kind == Kind::Message {
                    let m = node.cast::<Message>();
                    if !Term::from_raw((*m).token).is_immediate() {
                        (*m).token = Term::UNDEFINED.raw();
                    }
                }
                node = (*node).next;
            }
        }
    }

    /// Shows the collector the terms of messages on the heap.
    pub fn roots(&self, mut f: impl FnMut(&mut Word)) {
        let (mut node, mut left) = (self.first.get(), self.on_heap.get());
        while left > 0 && !node.is_null() {
            // SAFETY: nodes of our list.
            unsafe {
                if (*node).on_heap {
                    let m = node.cast::<Message>();
                    f(&mut (*m).term);
                    f(&mut (*m).token);
                    left -= 1;
                }
                node = (*node).next;
            }
        }
    }

    // ---- receive markers ----

    /// Sets a marker at the end and returns its number.
    pub(super) fn reserve_marker(&self) -> u32 {
        let markers = self.markers.get_or_init(Box::default);
        let mut all = markers.all.borrow_mut();
        if all.len() == MAX_MARKERS {
            let oldest = all.remove(0);
            // SAFETY: a marker of ours, in the list.
            unsafe { self.drop_marker(oldest) };
        }
        let id = (markers.next_id.get() + 1) & 0x7FFF_FFFF;
        markers.next_id.set(id);
        let at = self.last();
        let marker = Box::into_raw(Box::new(Marker {
            head: Signal::new(Kind::Marker),
            incoming: at,
            id,
            reference: None,
        }));
        // SAFETY: `at` is the link at the end of our list.
        unsafe {
            *at = marker.cast();
            self.last.set(&raw mut (*marker).head.next);
        }
        all.push(marker);
        id
    }

    /// # Safety
    /// `marker` is a marker in our list that is no longer in `markers`.
    unsafe fn drop_marker(&self, marker: *mut Marker) {
        // SAFETY: by the caller's promise.
        unsafe {
            self.unlink((*marker).incoming);
            drop(Box::from_raw(marker));
        }
    }

    /// The marker stands for this reference from now on.
    pub(super) fn bind_marker(&self, id: u32, reference: RefNumbers) {
        if let Some(m) = self.markers.get() {
            for &marker in m.all.borrow().iter() {
                // SAFETY: a marker of ours.
                unsafe {
                    if (*marker).id == id {
                        (*marker).reference = Some(reference);
                    }
                }
            }
        }
    }

    /// Removes the marker of a reference, or the one with this number.
    pub(super) fn clear_marker(&self, which: Result<u32, RefNumbers>) {
        let Some(m) = self.markers.get() else { return };
        let mut all = m.all.borrow_mut();
        // SAFETY: markers of ours.
        let at = all.iter().position(|&marker| unsafe {
            match which {
                Ok(id) => (*marker).id == id,
                Err(reference) => (*marker).reference == Some(reference),
            }
        });
        if let Some(i) = at {
            let marker = all.remove(i);
            // SAFETY: a marker of ours, in the list, and no longer in `markers`.
            unsafe { self.drop_marker(marker) };
        }
    }

    /// If there is a marker of this reference, the next `receive` starts there, after priority messages.
    pub(super) fn use_marker(&self, reference: RefNumbers) {
        let Some(m) = self.markers.get() else { return };
        // SAFETY: markers of ours.
        unsafe {
            let all = m.all.borrow();
            let it = all.iter().find(|m| (***m).reference == Some(reference));
            if let Some(&marker) = it {
                self.start_at(&raw mut (*marker).head.next, true);
            }
        }
    }
}

/// Shows all messages of a process, as terms that live as long as the borrow.
///
/// Messages outside the heap are copied to it first, because their own heap may go while the copy lives.
pub fn messages(p: &Process) -> Vec<Term<'_>> {
    let mut all = Vec::with_capacity(p.mailbox.len());
    p.mailbox
        .for_each(|t| all.push(corten_term::copy::copy(t, &p.heap).raw()));
    // SAFETY: fresh copies on the heap of the process.
    all.into_iter().map(|w| unsafe { p.root(w) }).collect()
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::Heap;

    fn drain(m: &Mailbox, heap: &Heap) -> Vec<i64> {
        m.reset();
        std::iter::from_fn(|| m.remove())
            .map(|n| {
                let w = n.adopt(heap);
                // SAFETY: small integers.
                unsafe { Term::from_raw(w) }.as_small().unwrap()
            })
            .collect()
    }

    #[test]
    fn selective_receive_with_markers() {
        let (m, heap) = (Mailbox::default(), Heap::new());
        for i in 0..10 {
            m.push(Node::message(Term::small(i)));
        }
        let id = m.reserve_marker();
        let r = RefNumbers::fresh();
        m.bind_marker(id, r);
        m.push(Node::message(Term::small(100)));
        m.use_marker(r);
        assert_eq!(m.examine(), Some(Term::small(100).raw()));
        // The marker stays right when its neighbours go.
        m.remove();
        m.reset();
        for _ in 0..9 {
            m.advance();
        }
        m.remove();
        m.push(Node::message(Term::small(101)));
        m.use_marker(r);
        assert_eq!(m.examine(), Some(Term::small(101).raw()));
        m.clear_marker(Err(r));
        assert_eq!(m.examine(), Some(Term::small(101).raw()));
        assert_eq!(drain(&m, &heap), [0, 1, 2, 3, 4, 5, 6, 7, 8, 101]);
    }

    /// What is examined next, of small integers; none at the end.
    fn next(m: &Mailbox) -> Option<i64> {
        // SAFETY: small integers.
        m.examine()
            .and_then(|w| unsafe { Term::from_raw(w) }.as_small())
    }

    #[test]
    fn priority_messages_stand_in_front_and_interrupt_a_search() {
        let (m, heap) = (Mailbox::default(), Heap::new());
        let push = |i: i64| m.push(Node::message(Term::small(i)));
        let first = |i: i64| m.push_first(Node::message(Term::small(i)));
        push(1);
        push(2);
        first(-1);
        first(-2);
        assert_eq!(next(&m), Some(-1));
        m.advance();
        m.advance();
        assert_eq!(next(&m), Some(1));
        // While one is examined, it stays that one.
        first(-3);
        assert_eq!(next(&m), Some(1));
        m.advance();
        m.advance();
        // At the end, `receive` goes back for what it has not seen, and comes to the end again.
        let seen: Vec<_> = std::iter::from_fn(|| next(&m).inspect(|_| m.advance())).collect();
        assert_eq!(seen, [-1, -2, -3]);
        // It waits: the next one is looked at, then what comes behind.
        first(-4);
        push(3);
        assert_eq!(next(&m), Some(-4));
        m.advance();
        assert_eq!(next(&m), Some(3));
        m.remove();
        assert_eq!(drain(&m, &heap), [-1, -2, -3, -4, 1, 2]);
        assert_eq!(m.len(), 0);
        // A marker: priority messages, then what is behind it.
        push(4);
        let (id, r) = (m.reserve_marker(), RefNumbers::fresh());
        m.bind_marker(id, r);
        push(5);
        first(-5);
        m.use_marker(r);
        assert_eq!(next(&m), Some(-5));
        m.advance();
        first(-6);
        assert_eq!(next(&m), Some(-6));
        // Where it goes on may be taken away meanwhile.
        m.clear_marker(Err(r));
        m.retain(|t| t.as_small() != Some(4));
        m.advance();
        assert_eq!(next(&m), Some(5));
        assert_eq!(drain(&m, &heap), [-5, -6, 5]);
        push(6);
        first(-7);
        m.skip_present();
        assert_eq!(next(&m), None);
        first(-8);
        assert_eq!(next(&m), Some(-8));
        m.clear();
        assert_eq!((m.len(), next(&m)), (0, None));
    }

    #[test]
    fn the_first_priority_message_comes_in_the_middle_of_a_search() {
        let (m, heap) = (Mailbox::default(), Heap::new());
        let push = |i: i64| m.push(Node::message(Term::small(i)));
        push(1);
        assert_eq!(next(&m), Some(1));
        m.push_first(Node::message(Term::small(-1)));
        assert_eq!(
            m.remove().map(|n| n.adopt(&heap)),
            Some(Term::small(1).raw())
        );
        m.reset();
        assert_eq!(drain(&m, &heap), [-1]);
    }

    #[test]
    fn the_collector_takes_over_the_examined_message() {
        let (m, heap) = (Mailbox::default(), Heap::new());
        let from = Heap::new();
        m.push(Node::message(from.tuple(&[Term::small(1)])));
        m.push(Node::message(from.tuple(&[Term::small(2)])));
        m.examine();
        assert_eq!(m.examined_words(), 2);
        m.adopt_examined(&heap);
        let mut seen = 0;
        m.roots(|_| seen += 1);
        assert_eq!(seen, 2);
        assert_eq!(m.len(), 2);
        m.remove();
        assert_eq!(m.examined_words(), 0);
        m.roots(|_| panic!("no root is left"));
        m.push(Node::message(Term::small(3)));
        assert_eq!(m.len(), 2);
    }

    #[test]
    fn a_light_first_message_is_copied_to_the_heap() {
        let (m, heap, from) = (Mailbox::default(), Heap::new(), Heap::new());
        let mut area = [0 as Word; 8];
        let range = area.as_mut_ptr_range();
        // SAFETY: the area outlives the heap's use of it.
        unsafe { heap.set_area(range.start, range.end) };
        for i in 1..=2 {
            m.push(Node::message(from.tuple(&[Term::small(i)])));
        }
        let large: Vec<_> = (0..100).map(Term::small).collect();
        m.push(Node::message(from.tuple(&large)));
        m.settle_first(&heap);
        let mut roots = Vec::new();
        m.roots(|w| roots.push(*w));
        assert_eq!(roots.len(), 2, "one message and its token");
        assert_eq!(m.examine(), Some(roots[0]));
        assert!(range.contains(&((roots[0] & !3) as *mut Word)));
        // Not the first one any more: a search leaves the others where they are.
        m.advance();
        m.settle_first(&heap);
        m.reset();
        let term = m.remove().map(|n| n.adopt(&heap));
        assert_eq!((term, heap.has_fragments()), (Some(roots[0]), false));
        m.settle_first(&heap);
        m.remove();
        m.settle_first(&heap);
        m.roots(|_| panic!("a message that is not light"));
        assert_eq!(m.len(), 1);
    }
}
