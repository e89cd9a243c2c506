//! The nodes of in-queues and mailboxes. A message is one allocation: a heap fragment with the payload in
//! front and the node in its last words, so that the receiver adopts the payload by linking the fragment.
//! Everything else is a boxed [`Body`].
//!
//! Whoever holds a [`Node`] owns it; queues hold them as raw links and give them back as `Node`s.

use super::Parcel;
use super::relations::Watcher;
use crate::process::info;
use corten_term::heap::Fragment;
use corten_term::{Heap, Pid, RefNumbers, Term, Word, copy};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What kind of node this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Message,
    Marker,
    Control,
}

/// What all nodes begin with.
#[derive(Debug)]
#[repr(C)]
pub struct Signal {
    pub(super) next: *mut Signal,
    pub(super) kind: Kind,
    /// A message whose terms the collector has moved to the receiver's heap: they are roots.
    pub(super) on_heap: bool,
}

impl Signal {
    pub(super) const fn new(kind: Kind) -> Signal {
        Signal {
            next: ptr::null_mut(),
            kind,
            on_heap: false,
        }
    }
}

/// A message. It lies in the last words of `fragment`.
#[derive(Debug)]
#[repr(C)]
pub struct Message {
    head: Signal,
    /// Beside the head, as that is what a search through a long queue reads.
    pub(super) term: Word,
    /// First fragment of the payload: holds this node too.
    pub(super) fragment: *mut Fragment,
    off_heap: *mut Word,
    off_heap_bytes: usize,
    /// Who has sent it: a pid, or a sequential trace token on the same heap, or `undefined` if it was no process.
    pub(super) token: Word,
}

const MESSAGE_WORDS: usize = size_of::<Message>() / size_of::<Word>();

/// A signal that is no message.
#[derive(Debug)]
#[repr(C)]
struct Control {
    head: Signal,
    body: Body,
}

/// How an exit signal came about: that decides when it kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitKind {
    /// `exit/2`: `kill` kills, `normal` is ignored.
    Sent,
    /// A linked process or port ended: counts only while the link is active.
    Link,
}

/// An exit signal.
#[derive(Debug)]
pub struct ExitSignal {
    pub kind: ExitKind,
    /// It was sent to this alias; whether as a priority signal.
    pub alias: Option<(RefNumbers, bool)>,
    /// Pid or port (an immediate), or an external one on `parcel`'s heap.
    pub from: Word,
    /// The reason.
    pub parcel: Parcel,
}

/// Where an answer goes: `{Reference, Answer}` to `pid`.
#[derive(Debug)]
pub struct Reply {
    pub pid: Pid,
    pub reference: Parcel,
}

/// A request to suspend.
#[derive(Debug)]
pub struct Suspend {
    pub by: Pid,
    /// To be set once it is met.
    pub active: Arc<AtomicBool>,
    pub reply: Option<SuspendReply>,
}

/// What a process that was asked to suspend itself answers.
#[derive(Debug)]
pub struct SuspendReply {
    pub reply: Reply,
    pub done: corten_term::Atom,
    /// The answer when there is no such process any more.
    pub gone: corten_term::Atom,
}

/// `erts_internal:request_system_task/3,4`.
#[derive(Debug)]
pub struct Task {
    pub requester: Pid,
    /// Of the one who waits: 0 max to 3 low.
    pub priority: u32,
    /// `{Operation, RequestId, Argument…}`.
    pub request: Parcel,
}

/// What a signal other than a message does to its receiver.
#[derive(Debug)]
pub enum Body {
    Exit(Box<ExitSignal>),
    /// From a pid or port.
    Link(Word),
    Unlink {
        from: Word,
        id: u64,
    },
    UnlinkAck {
        from: Word,
        id: u64,
    },
    Monitor {
        reference: RefNumbers,
        watcher: Watcher,
    },
    Demonitor(RefNumbers),
    /// What we watched ended.
    Down {
        reference: RefNumbers,
        reason: Box<Parcel>,
    },
    /// The time offset changed: to all monitors of it.
    TimeOffset(Box<Parcel>),
    /// A message sent to an alias.
    AliasMessage {
        reference: RefNumbers,
        message: Node,
        /// To be a priority message if the alias takes them.
        priority: bool,
    },
    GroupLeader {
        leader: Box<Parcel>,
        reply: Option<Box<Reply>>,
    },
    IsAlive(Box<Reply>),
    ProcessInfo {
        reply: Box<Reply>,
        request: Box<info::Request>,
    },
    Suspend(Box<Suspend>),
    Resume {
        by: Pid,
    },
    Task(Box<Task>),
    /// Anything rare: runs on the receiver.
    Call(Box<dyn Work>),
}

/// Rare work that a process does for another one.
pub trait Work: Send {
    fn run(self: Box<Self>, p: &crate::Process);
    /// It leaves the process alone: another thread may run it while the process is on a dirty thread.
    fn anywhere(&self) -> bool {
        false
    }
    /// The receiver is gone.
    fn gone(self: Box<Self>) {}
}
impl std::fmt::Debug for dyn Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

/// An owned node.
#[derive(Debug)]
pub struct Node(NonNull<Signal>);

// SAFETY: a node owns all it points to.
unsafe impl Send for Node {}

impl Node {
    /// A message with a copy of `t`, from nobody.
    pub fn message(t: Term<'_>) -> Node {
        Node::message_from(Term::UNDEFINED, t)
    }

    /// A message with a copy of `t`. `carried` is the sender's pid or its sequential trace token.
    pub fn message_from(carried: Term<'_>, t: Term<'_>) -> Node {
        if !carried.is_immediate() {
            return Node::with_token(carried, t);
        }
        if t.is_immediate() {
            return Node::bare(t.raw(), carried.raw());
        }
        let (heap, term) = copy::pack(t, MESSAGE_WORDS);
        Node::in_heap(heap, term, carried.raw())
    }

    #[cold]
    fn with_token(token: Term<'_>, t: Term<'_>) -> Node {
        let size = copy::size(t) + copy::size(token);
        let heap = Heap::with_capacity(size + MESSAGE_WORDS);
        let term = copy::copy(t, &heap).raw();
        let token = copy::copy(token, &heap).raw();
        Node::in_heap(heap, term, token)
    }

    /// A message of a term with its heap.
    pub fn message_of(parcel: Parcel) -> Node {
        Node::in_heap(parcel.heap, parcel.term, Term::UNDEFINED.raw())
    }

    /// A message without a payload.
    fn bare(term: Word, token: Word) -> Node {
        Node::in_heap(Heap::with_capacity(MESSAGE_WORDS), term, token)
    }

    fn in_heap(heap: Heap, term: Word, token: Word) -> Node {
        let (mut fragment, off_heap, off_heap_bytes) = heap.into_parts();
        // SAFETY: fragments from `into_parts` are ours; the node takes the last words of one that has room.
        unsafe {
            if fragment.is_null() || (*fragment).capacity - (*fragment).used < MESSAGE_WORDS {
                let own = Fragment::allocate(MESSAGE_WORDS);
                (*own).next = fragment;
                fragment = own;
            }
            let at = Fragment::words(fragment)
                .add((*fragment).capacity - MESSAGE_WORDS)
                .cast::<Message>();
            at.write(Message {
                head: Signal::new(Kind::Message),
                fragment,
                off_heap,
                off_heap_bytes,
                term,
                token,
            });
            Node(NonNull::new_unchecked(at.cast()))
        }
    }

    /// Any other signal.
    pub fn control(body: Body) -> Node {
        let control = Box::new(Control {
            head: Signal::new(Kind::Control),
            body,
        });
        Node(NonNull::from(Box::leak(control)).cast())
    }

    /// Words of payload of a message that was made just now.
    pub fn words(&self) -> usize {
        debug_assert!(self.is_message());
        // SAFETY: we own the message; the payload of a new one lies in one fragment.
        unsafe { (*(*self.0.cast::<Message>().as_ptr()).fragment).used }
    }

    pub fn is_message(&self) -> bool {
        // SAFETY: a node is alive while it is owned.
        unsafe { self.0.as_ref() }.kind == Kind::Message
    }

    /// Term and sender of a message: see [`Message::token`].
    pub(super) fn term(&self) -> Word {
        debug_assert!(self.is_message());
        // SAFETY: a message node that we own.
        unsafe { (*self.0.cast::<Message>().as_ptr()).term }
    }
    /// Whether its terms lie on the receiver's heap already.
    pub(super) fn is_on_heap(&self) -> bool {
        // SAFETY: a node that we own.
        unsafe { (*self.0.as_ptr()).on_heap }
    }
    pub(super) fn token(&self) -> Word {
        debug_assert!(self.is_message());
        // SAFETY: as above.
        unsafe { (*self.0.cast::<Message>().as_ptr()).token }
    }

    pub(super) fn into_raw(self) -> *mut Signal {
        let p = self.0.as_ptr();
        std::mem::forget(self);
        p
    }
    /// # Safety
    /// `p` came from [`Node::into_raw`] and is owned by the caller.
    pub(super) unsafe fn from_raw(p: *mut Signal) -> Node {
        // SAFETY: not null by the caller's promise.
        Node(unsafe { NonNull::new_unchecked(p) })
    }

    /// What a signal that is no message does; a message comes back as it is.
    pub fn into_body(self) -> Result<Body, Node> {
        if self.is_message() {
            return Err(self);
        }
        // SAFETY: all nodes that are no messages (markers are never owned as nodes) are boxed controls.
        Ok(unsafe { Box::from_raw(self.into_raw().cast::<Control>()) }.body)
    }

    /// Gives the payload to `heap` and frees the rest; returns the term.
    pub(super) fn adopt(self, heap: &Heap) -> Word {
        debug_assert!(self.is_message());
        let m = self.into_raw().cast::<Message>();
        // SAFETY: a message node; we own it and everything in it. When the fragment goes to `heap`, the words of
        // the node are spare capacity there and we do not look at them any more.
        unsafe {
            let term = (*m).term;
            let (fragment, off_heap, bytes) = ((*m).fragment, (*m).off_heap, (*m).off_heap_bytes);
            if (*fragment).used == 0 && (*fragment).next.is_null() {
                debug_assert!(off_heap.is_null());
                Fragment::free(fragment);
            } else {
                heap.adopt(Heap::from_parts(fragment, off_heap, bytes));
            }
            term
        }
    }

    /// Splits a message: the payload goes to `heap`, and a bare node, marked as on the heap, stays.
    pub(super) fn move_to_heap(self, heap: &Heap) -> Node {
        let token = self.token();
        let bare = Node::bare(self.adopt(heap), token);
        // SAFETY: a message node that we own.
        unsafe { (*bare.0.cast::<Message>().as_ptr()).head.on_heap = true };
        bare
    }

    /// Whether a node is a message of few words, all in one piece, that are not on the receiver's heap yet.
    ///
    /// # Safety
    /// `p` is a node of a queue that the caller owns.
    #[inline(always)]
    pub(super) unsafe fn is_light(p: *mut Signal) -> bool {
        const WORDS: usize = 24;
        // SAFETY: by the caller's promise; a message has a fragment.
        unsafe {
            if (*p).kind != Kind::Message || (*p).on_heap {
                return false;
            }
            let m = p.cast::<Message>();
            let f = (*m).fragment;
            (*f).used.wrapping_sub(1) < WORDS
                && (*f).next.is_null()
                && (*m).off_heap.is_null()
                && Term::from_raw((*m).token).is_immediate()
        }
    }

    /// Copies the payload of a light message to `heap`, which makes the message a root there. False: there is no room.
    ///
    /// # Safety
    /// As above, and [`Node::is_light`] has said so.
    pub(super) unsafe fn settle(p: *mut Signal, heap: &Heap) -> bool {
        // SAFETY: by the caller's promise; nobody has seen the term yet, so nothing refers to the payload.
        unsafe {
            let m = p.cast::<Message>();
            let f = (*m).fragment;
            let room = (heap.limit() as usize).saturating_sub(heap.top() as usize);
            if room < (*f).used * size_of::<Word>() {
                return false;
            }
            (*m).term = copy::copy(Term::from_raw((*m).term), heap).raw();
            (*f).used = 0;
            (*p).on_heap = true;
            true
        }
    }

    /// Words of payload of a message.
    ///
    /// # Safety
    /// `p` is a message node of a queue that the caller owns.
    pub(super) unsafe fn payload_words(p: *mut Signal) -> usize {
        // SAFETY: by the caller's promise.
        unsafe {
            let (mut f, mut n) = ((*p.cast::<Message>()).fragment, 0);
            while !f.is_null() {
                n += (*f).used;
                f = (*f).next;
            }
            n
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let p = self.0.as_ptr();
        // SAFETY: we own the node; messages own fragments and off-heap list, controls are boxes.
        unsafe {
            if (*p).kind == Kind::Message {
                let m = p.cast::<Message>();
                drop(Heap::from_parts(
                    (*m).fragment,
                    (*m).off_heap,
                    (*m).off_heap_bytes,
                ));
            } else {
                drop(Box::from_raw(p.cast::<Control>()));
            }
        }
    }
}
