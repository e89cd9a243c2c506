//! `prim_buffer`: a queue of bytes that raw files read ahead into and write behind from. One process
//! uses a buffer at a time: `try_lock` and `unlock` tell them apart.

use crate::queue::{ByteQueue, Chunk};
use crate::{args, atoms};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Binary, Term};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

pub const BIFS: &[Bif] = bifs![
    prim_buffer:new/0 => new [NIF],
    prim_buffer:size/1 => size [NIF],
    prim_buffer:peek_head/1 => peek_head [NIF],
    prim_buffer:copying_read/2 => copying_read [NIF],
    prim_buffer:write/2 => write [NIF],
    prim_buffer:skip/2 => skip [NIF],
    prim_buffer:find_byte_index/2 => find_byte_index [NIF],
    prim_buffer:try_lock/1 => try_lock [NIF],
    prim_buffer:unlock/1 => unlock [NIF],
];

/// Small writes are gathered in blocks of this size.
const ACCUMULATOR: usize = 2 << 10;

#[derive(Debug, Default)]
struct Contents {
    queue: ByteQueue,
    /// The last written bytes, not in the queue yet.
    accumulator: Vec<u8>,
}

#[derive(Debug, Default)]
struct Buffer {
    contents: Mutex<Contents>,
    locked: AtomicBool,
}

impl Contents {
    fn size(&self) -> usize {
        self.queue.size() + self.accumulator.len()
    }
    /// The queue with everything in it.
    fn whole(&mut self) -> &mut ByteQueue {
        if !self.accumulator.is_empty() {
            self.queue.push(Chunk::from(self.accumulator.as_slice()));
            self.accumulator.clear();
        }
        &mut self.queue
    }
    fn write(&mut self, chunks: Vec<Chunk>) {
        let more: usize = chunks.iter().map(Chunk::len).sum();
        if self.accumulator.len() + more >= ACCUMULATOR {
            self.whole();
            if more >= ACCUMULATOR / 2 {
                chunks.into_iter().for_each(|c| self.queue.push(c));
                return;
            }
        }
        for c in chunks {
            self.accumulator.extend_from_slice(c.bytes());
        }
    }
    fn find(&mut self, byte: u8) -> Option<usize> {
        let mut before = 0;
        for c in self.whole().chunks() {
            if let Some(i) = c.bytes().iter().position(|b| *b == byte) {
                return Some(before + i);
            }
            before += c.len();
        }
        None
    }
}

fn buffer(t: Term<'_>) -> Result<&Buffer, Stop<'_>> {
    t.as_magic_of::<Buffer>().badarg()
}

fn contents(t: Term<'_>) -> Result<MutexGuard<'_, Contents>, Stop<'_>> {
    Ok(buffer(t)?
        .contents
        .lock()
        .unwrap_or_else(|e| e.into_inner()))
}

fn new<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.magic_reference(Magic::new(Buffer::default())))
}

fn size<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.uint(contents(a[0])?.size() as u64))
}

fn peek_head<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut c = contents(a[0])?;
    let head = c.whole().head().badarg()?;
    Ok(head.term(p))
}

fn copying_read<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = a[1].as_usize().badarg()?;
    let mut c = contents(a[0])?;
    let queue = c.whole();
    if queue.size() < n {
        return Err(Stop::BADARG);
    }
    let copied = Binary::filled(n, |to| {
        queue.copy(to);
        Ok::<_, Infallible>(n)
    });
    let Some(Ok(bytes)) = copied else {
        return Err(args::raise(atoms::out_of_memory()));
    };
    queue.skip(n);
    Ok(args::binary_of(p, bytes))
}

fn write<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let binaries = a[1].to_vec().badarg()?;
    let chunks: Option<Vec<_>> = binaries.into_iter().map(Chunk::of).collect();
    let chunks = chunks.badarg()?;
    p.bump_reductions(chunks.len() / 16);
    contents(a[0])?.write(chunks);
    Ok(Term::OK)
}

fn skip<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = a[1].as_usize().badarg()?;
    let mut c = contents(a[0])?;
    if c.size() < n {
        return Err(Stop::BADARG);
    }
    c.whole().skip(n);
    Ok(Term::OK)
}

fn find_byte_index<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let byte = args::int(a[1]).and_then(|b| u8::try_from(b).ok());
    let mut c = contents(a[0])?;
    let byte = byte.badarg()?;
    p.bump_reductions(c.size() >> 10);
    Ok(match c.find(byte) {
        Some(i) => args::ok(p, p.heap.uint(i as u64)),
        None => Term::atom(atoms::not_found()),
    })
}

fn try_lock<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let taken = buffer(a[0])?.locked.swap(true, Ordering::Acquire);
    Ok(Term::atom(if taken {
        corten_term::am::busy
    } else {
        atoms::acquired()
    }))
}

fn unlock<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if buffer(a[0])?.locked.swap(false, Ordering::Release) {
        Ok(Term::OK)
    } else {
        Err(args::raise(atoms::lock_order_violation()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_writes_keep_their_order() {
        let mut c = Contents::default();
        c.write(vec![Chunk::from(&b"ab"[..])]);
        c.write(vec![Chunk::from(&[b'x'; 3000][..])]);
        c.write(vec![Chunk::from(&b"c\nd"[..])]);
        assert_eq!(c.size(), 3005);
        assert_eq!(c.find(b'\n'), Some(3003));
        c.whole().skip(3002);
        assert_eq!(c.whole().head().unwrap().bytes(), b"c\nd");
    }
}
