//! Sending a file: the system copies from the file to the socket, as far as the socket takes it.
//!
//! What was queued before goes out first, what is sent meanwhile waits until the file is out. The port's owner
//! gets `{sendfile, Port, {ok, Low, High}}` (the bytes of the file that went out, in two halves of 32 bits) or
//! `{sendfile, Port, {error, Reason}}`.

use super::super::socket::status;
use super::super::{Answer, Failure, Reader};
use super::{CLOSED, Tcp, reason};
use crate::atoms::intern;
use crate::deliver;
use crate::port::Core;
use crate::port::stream::OutQueue;
use corten_term::{Heap, Term, am};
use rustix::io::Errno;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// Most bytes of one system call.
const CHUNK: u64 = 256 << 10;
/// System calls before others get their turn.
const CHUNKS: usize = 8;

/// A file that is on its way out.
#[derive(Debug)]
pub struct Sending {
    file: OwnedFd,
    /// Output that was queued when the file came.
    before: OutQueue,
    offset: u64,
    left: u64,
    sent: u64,
}

impl Sending {
    /// Bytes of other output that it holds back.
    pub fn queued(&self) -> usize {
        self.before.size()
    }

    /// Writes what the socket takes. True: everything is out.
    fn write(&mut self, to: BorrowedFd<'_>) -> Result<bool, Errno> {
        self.before.write(to, to.as_raw_fd(), false)?;
        if self.before.size() > 0 {
            return Ok(false);
        }
        for _ in 0..CHUNKS {
            if self.left == 0 {
                return Ok(true);
            }
            let size = usize::try_from(self.left.min(CHUNK)).map_err(|_| Errno::INVAL)?;
            let mut offset = self.offset;
            match rustix::fs::sendfile(to, self.file.as_fd(), Some(&mut offset), size) {
                // The file ends here.
                Ok(0) => self.left = 0,
                Ok(n) => {
                    let n = n as u64;
                    self.offset += n;
                    self.left -= n;
                    self.sent += n;
                }
                Err(Errno::AGAIN) => return Ok(false),
                Err(Errno::INTR) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(self.left == 0)
    }
}

impl Tcp {
    /// The file's descriptor in the machine's byte order, offset, length.
    pub(super) fn send_file(&mut self, core: &mut Core, arguments: &[u8]) -> Answer {
        let mut r = Reader(arguments);
        let descriptor = r.array().map(i32::from_ne_bytes);
        let offset = r.array().map(u64::from_be_bytes);
        let length = r.array().map(u64::from_be_bytes);
        let (Some(descriptor), Some(offset), Some(left), []) = (descriptor, offset, length, r.0)
        else {
            return Err(Errno::INVAL.into());
        };
        if !self.is(status::CONNECTED) {
            return Err(Errno::NOTCONN.into());
        }
        if self.sending.is_some() {
            return Err(Errno::INVAL.into());
        }
        let borrowed = crate::sys::borrow_fd(descriptor).ok_or(Errno::BADF)?;
        self.sending = Some(Box::new(Sending {
            // Its own descriptor: the program may close the file meanwhile.
            file: rustix::io::fcntl_dupfd_cloexec(borrowed, 0)?,
            before: std::mem::take(&mut self.queue),
            offset,
            left,
            sent: 0,
        }));
        self.write_queued(core);
        self.watch();
        Ok(Vec::new())
    }

    /// Goes on with the file. True: none is in the way of the queue any more.
    pub(super) fn write_file(&mut self, core: &mut Core) -> Result<bool, Errno> {
        let (Some(sending), Some(fd)) = (&mut self.sending, &self.socket.fd) else {
            return Ok(true);
        };
        if !sending.write(fd.as_fd())? {
            return Ok(false);
        }
        let sent = sending.sent;
        self.sending = None;
        let half = |n: u64| Term::small((n & 0xffff_ffff) as i64);
        self.tell_sendfile(core, |h| h.tuple(&[Term::OK, half(sent), half(sent >> 32)]));
        Ok(true)
    }

    /// The connection is gone before the file was out. Tells whether one was on its way.
    pub(super) fn abort_file(&mut self, core: &Core, why: Failure) -> bool {
        if self.sending.take().is_none() {
            return false;
        }
        let gone = [Errno::CONNRESET, Errno::NOTCONN, Errno::PIPE];
        let lost = gone.into_iter().any(|e| Failure::from(e) == why);
        let why = if lost { CLOSED } else { why };
        self.tell_sendfile(core, |h| h.tuple(&[Term::atom(am::error), reason(why)]));
        true
    }

    fn tell_sendfile(&self, core: &Core, outcome: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) {
        let port = self.port;
        deliver::message(core.connected, |h| {
            h.tuple(&[Term::atom(intern("sendfile")), Term::port(port), outcome(h)])
        });
    }
}
