//! The mailbox: messages in order of arrival, the save pointer of `receive`, receive markers.
//!
//! Owned by the process: only the thread that runs it comes here. Messages are linked through their nodes.
//! `save` is the address of the link that points to what `receive` looks at next, so a message is unlinked
//! without a search; `last` is the address of the link at the end; null stands for the address of `first`.
//!
//! A receive marker is a node in the list too. It stands where the list ended when a reference was about to
//! be made: no message before it can contain the reference, so a `receive` for that reference starts
//! there. A marker knows the link that points to it, and whoever changes that link tells it.

use super::node::{Kind, Message, Node, Signal};
use crate::Process;
use corten_term::memory::prefetch;
use corten_term::{RefNumbers, Term, Word};
use std::cell::{Cell, RefCell};
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

#[derive(Debug, Default)]
struct Markers {
    next_id: u32,
    /// Oldest first; each is a leaked box.
    all: Vec<*mut Marker>,
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
    /// Messages that the collector has moved to the heap and that are roots since.
    on_heap: Cell<u32>,
    markers: RefCell<Option<Box<Markers>>>,
}

impl Default for Mailbox {
    fn default() -> Mailbox {
        Mailbox {
            first: Cell::new(ptr::null_mut()),
            last: Cell::new(ptr::null_mut()),
            save: Cell::new(ptr::null_mut()),
            len: Cell::new(0),
            examining: Cell::new(false),
            on_heap: Cell::new(0),
            markers: RefCell::new(None),
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

    /// The node at the save pointer, markers passed over; null at the end.
    fn current(&self) -> *mut Signal {
        // SAFETY: links of our list.
        unsafe {
            let mut link = self.save();
            while !(*link).is_null() && (**link).kind == Kind::Marker {
                link = &raw mut (**link).next;
                self.save.set(link);
            }
            *link
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
    }

    /// The next `receive` starts behind all messages that are here now.
    pub(super) fn skip_present(&self) {
        self.examining.set(false);
        self.save.set(self.last());
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
            (*node).next = ptr::null_mut();
            node
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
        if let Some(m) = self.markers.borrow_mut().take() {
            for marker in m.all {
                // SAFETY: a leaked box of ours that is in the list.
                unsafe {
                    self.unlink((*marker).incoming);
                    drop(Box::from_raw(marker));
                }
            }
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
        let mut slot = self.markers.borrow_mut();
        let markers = slot.get_or_insert_with(Box::default);
        if markers.all.len() == MAX_MARKERS {
            let oldest = markers.all.remove(0);
            // SAFETY: a marker of ours, in the list.
            unsafe { self.drop_marker(oldest) };
        }
        markers.next_id = (markers.next_id + 1) & 0x7FFF_FFFF;
        let at = self.last();
        let marker = Box::into_raw(Box::new(Marker {
            head: Signal::new(Kind::Marker),
            incoming: at,
            id: markers.next_id,
            reference: None,
        }));
        // SAFETY: `at` is the link at the end of our list.
        unsafe {
            *at = marker.cast();
            self.last.set(&raw mut (*marker).head.next);
        }
        markers.all.push(marker);
        markers.next_id
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
        if let Some(m) = self.markers.borrow().as_ref() {
            for &marker in &m.all {
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
        let mut slot = self.markers.borrow_mut();
        let Some(m) = slot.as_mut() else { return };
        // SAFETY: markers of ours.
        let at = m.all.iter().position(|&marker| unsafe {
            match which {
                Ok(id) => (*marker).id == id,
                Err(reference) => (*marker).reference == Some(reference),
            }
        });
        if let Some(i) = at {
            let marker = m.all.remove(i);
            // SAFETY: a marker of ours, in the list, and no longer in `markers`.
            unsafe { self.drop_marker(marker) };
        }
    }

    /// If there is a marker of this reference, the next `receive` starts there.
    pub(super) fn use_marker(&self, reference: RefNumbers) {
        if let Some(m) = self.markers.borrow().as_ref() {
            for &marker in &m.all {
                // SAFETY: a marker of ours.
                unsafe {
                    if (*marker).reference == Some(reference) {
                        self.examining.set(false);
                        self.save.set(&raw mut (*marker).head.next);
                    }
                }
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
