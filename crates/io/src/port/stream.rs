//! The part that drivers over descriptors share: reading when there is something, writing what fits, queueing
//! the rest.

use super::Core;
use crate::poll::{self, Direction};
use corten_term::PortId;
use rustix::io::Errno;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::os::fd::{BorrowedFd, RawFd};

/// Bytes that one read asks for.
const READ: usize = 64 << 10;
/// Bytes that a pipe which can be written takes without blocking.
const PIPE_BUF: usize = 4096;
/// Slices of one system call.
const VECTOR: usize = 16;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// What one read gave.
pub enum Read {
    Data(Vec<u8>),
    Nothing,
    End,
    Failed(Errno),
}

/// Reads once.
pub fn read(fd: BorrowedFd<'_>) -> Read {
    BUFFER.with_borrow_mut(|buffer| match rustix::io::read(fd, buffer.as_mut_slice()) {
        Ok(0) => Read::End,
        Ok(n) => Read::Data(buffer[..n].to_vec()),
        Err(Errno::AGAIN | Errno::INTR) => Read::Nothing,
        Err(e) => Read::Failed(e),
    })
}

/// Asks for a call of `ready_input`.
pub fn watch_input(port: PortId, fd: RawFd) {
    let ready = move || super::ready_input(port, fd);
    poll::once(fd, Direction::Read, Box::new(ready));
}

/// Asks for a call of `ready_output`.
pub fn watch_output(port: PortId, fd: RawFd) {
    let ready = move || super::ready_output(port, fd);
    poll::once(fd, Direction::Write, Box::new(ready));
}

/// Output that could not be written at once.
#[derive(Debug, Default)]
pub struct OutQueue {
    chunks: VecDeque<Vec<u8>>,
    /// Bytes of the first chunk that are written.
    done: usize,
    size: usize,
}

impl OutQueue {
    pub fn size(&self) -> usize {
        self.size
    }
    pub fn push(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.size += bytes.len();
            self.chunks.push_back(bytes);
        }
    }
    pub fn clear(&mut self) {
        *self = OutQueue::default();
    }
    fn skip(&mut self, mut n: usize) {
        self.size -= n.min(self.size);
        while let Some(first) = self.chunks.front() {
            let left = first.len() - self.done;
            if n < left {
                self.done += n;
                return;
            }
            n -= left;
            self.done = 0;
            self.chunks.pop_front();
        }
    }

    /// Writes what the descriptor takes now. `shared`: others use the open file too, so that it cannot be made
    /// non-blocking; then only as much is written at a time as does not block.
    pub fn write(&mut self, fd: BorrowedFd<'_>, raw: RawFd, shared: bool) -> Result<(), Errno> {
        while self.size > 0 {
            let written = if shared {
                if !poll::writable_now(raw) {
                    return Ok(());
                }
                let first = &self.chunks[0][self.done..];
                rustix::io::write(fd, &first[..first.len().min(PIPE_BUF)])
            } else {
                let slices: Vec<_> = self
                    .chunks
                    .iter()
                    .take(VECTOR)
                    .enumerate()
                    .map(|(i, c)| IoSlice::new(&c[if i == 0 { self.done } else { 0 }..]))
                    .collect();
                rustix::io::writev(fd, &slices)
            };
            match written {
                Ok(n) => self.skip(n),
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

/// Puts a message with its length in front into the queue. False: it is too long for its length.
pub fn enqueue(core: &mut Core, queue: &mut OutQueue, data: &[u8]) -> bool {
    let Some(mut message) = core.frames.header(data.len()) else {
        core.fail(Errno::INVAL);
        return false;
    };
    message.extend_from_slice(data);
    queue.push(message);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::{AsFd, AsRawFd};

    #[test]
    fn queued_output_is_written_as_far_as_it_goes() {
        let flags = rustix::pipe::PipeFlags::NONBLOCK;
        let (r, w) = rustix::pipe::pipe_with(flags).unwrap();
        for shared in [false, true] {
            let mut q = OutQueue::default();
            q.push(vec![b'a'; 100_000]);
            q.push(b"end".to_vec());
            let mut got = Vec::new();
            while q.size() > 0 {
                q.write(w.as_fd(), w.as_raw_fd(), shared).unwrap();
                while let Read::Data(d) = read(r.as_fd()) {
                    got.extend(d);
                }
            }
            assert_eq!(got.len(), 100_003);
            assert!(got.ends_with(b"aend"));
        }
    }
}
