//! A queue of bytes made of binaries: what goes in is shared, not copied, where that pays.

use corten_engine::Process;
use corten_term::layout::HEAP_BITS_MAX_BYTES;
use corten_term::{Binary, Term};
use std::collections::VecDeque;

/// Bytes `start..end` of a binary.
#[derive(Debug, Clone)]
pub struct Chunk {
    binary: Binary,
    start: usize,
    end: usize,
}

impl Chunk {
    /// The bytes of a binary term; copied when they are on a heap or do not start at a byte's border.
    pub fn of(t: Term<'_>) -> Option<Chunk> {
        let bits = t.as_bits().filter(|b| b.is_binary())?;
        if bits.start % 8 == 0
            && let Some(binary) = bits.counted()
            && bits.base() == binary.as_ptr()
        {
            let start = bits.start / 8;
            let end = start + bits.size / 8;
            return Some(Chunk { binary, start, end });
        }
        Some(Chunk::from(bits.to_bytes().as_ref()))
    }
    pub fn bytes(&self) -> &[u8] {
        &self.binary.as_bytes()[self.start..self.end]
    }
    pub fn len(&self) -> usize {
        self.end - self.start
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The bytes as a term.
    pub fn term<'h>(&self, p: &'h Process) -> Term<'h> {
        if self.len() <= HEAP_BITS_MAX_BYTES {
            p.heap.binary(self.bytes())
        } else {
            p.heap
                .refc_binary(self.binary.clone(), self.start * 8, self.end * 8)
        }
    }
}

impl From<&[u8]> for Chunk {
    fn from(bytes: &[u8]) -> Chunk {
        Chunk {
            binary: Binary::from_bytes(bytes),
            start: 0,
            end: bytes.len(),
        }
    }
}

/// See the module page.
#[derive(Debug, Default)]
pub struct ByteQueue {
    chunks: VecDeque<Chunk>,
    size: usize,
}

impl ByteQueue {
    pub fn size(&self) -> usize {
        self.size
    }
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }
    pub fn push(&mut self, chunk: Chunk) {
        if !chunk.is_empty() {
            self.size += chunk.len();
            self.chunks.push_back(chunk);
        }
    }
    pub fn head(&self) -> Option<&Chunk> {
        self.chunks.front()
    }
    /// The chunks in order; none is empty.
    pub fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.chunks.iter()
    }
    /// Drops the first `n` bytes (all, if there are fewer).
    pub fn skip(&mut self, mut n: usize) {
        self.size -= n.min(self.size);
        while let Some(head) = self.chunks.front_mut() {
            if n < head.len() {
                head.start += n;
                return;
            }
            n -= head.len();
            self.chunks.pop_front();
        }
    }
    /// Copies the first bytes; the caller sees to it that there are enough.
    pub fn copy(&self, to: &mut [u8]) {
        let mut done = 0;
        for chunk in &self.chunks {
            let n = chunk.len().min(to.len() - done);
            to[done..done + n].copy_from_slice(&chunk.bytes()[..n]);
            done += n;
        }
    }
    pub fn clear(&mut self) {
        *self = ByteQueue::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order() {
        let mut q = ByteQueue::default();
        q.push(Chunk::from(&b"hello "[..]));
        q.push(Chunk::from(&b""[..]));
        q.push(Chunk::from(&b"world"[..]));
        assert_eq!(q.size(), 11);
        q.skip(4);
        let mut out = [0; 5];
        q.copy(&mut out);
        assert_eq!(&out, b"o wor");
        q.skip(6);
        assert_eq!(q.head().map(|c| c.bytes().to_vec()), Some(b"d".to_vec()));
        q.skip(100);
        assert!(q.is_empty() && q.head().is_none());
    }
}
