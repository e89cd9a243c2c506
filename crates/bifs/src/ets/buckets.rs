//! The buckets of a hash table: an array that grows and shrinks by one at its end. It lies in pieces, so that no
//! insertion waits until all of a large one has been copied. Called by [`super::hash`] only.

use corten_term::Row;
use corten_term::row::Link;

/// The first piece has this many; it is all there is of most tables.
const PIECE_BITS: u32 = 11;
const PIECE: usize = 1 << PIECE_BITS;

#[derive(Debug)]
pub struct Buckets {
    /// All full but the last.
    pieces: Vec<Vec<Link>>,
    len: usize,
    /// What it starts with and does not go below.
    least: usize,
    /// One less than the power of two that is not below `len`.
    mask: usize,
}

impl Buckets {
    /// With so many, a power of two and no more than fit into a piece.
    pub fn new(least: usize) -> Buckets {
        let mut first = Vec::new();
        first.resize_with(least, || None);
        Buckets {
            pieces: vec![first],
            len: least,
            least,
            mask: least - 1,
        }
    }
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }
    /// Words of memory, roughly.
    pub fn words(&self) -> usize {
        self.len
    }
    pub fn may_shrink(&self) -> bool {
        self.len > self.least
    }

    /// The bucket of a hash.
    #[inline(always)]
    pub fn of(&self, hash: u32) -> usize {
        let i = hash as usize & self.mask;
        if i < self.len {
            i
        } else {
            i & (self.mask >> 1)
        }
    }
    /// Where the rows of a bucket would be if there were no such bucket yet, and where those come from that it gets.
    pub fn parent(bucket: usize) -> usize {
        bucket - (bucket + 1).next_power_of_two() / 2
    }

    /// The first row of a bucket, if there are rows and the bucket.
    #[inline(always)]
    pub fn first(&self, b: usize) -> Option<&Row> {
        self.pieces
            .get(b >> PIECE_BITS)?
            .get(b & (PIECE - 1))?
            .as_ref()
    }
    /// The start of the chain of a bucket that there is.
    #[inline(always)]
    pub fn link(&mut self, b: usize) -> &mut Link {
        &mut self.pieces[b >> PIECE_BITS][b & (PIECE - 1)]
    }

    /// Adds an empty bucket.
    pub fn push(&mut self) {
        if self.len & (PIECE - 1) == 0 {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        if let Some(last) = self.pieces.last_mut() {
            last.push(None);
        }
        self.resized(self.len + 1);
    }
    /// Takes the last bucket away; its rows.
    pub fn pop(&mut self) -> Link {
        let last = self.pieces.last_mut()?;
        let rows = last.pop()?;
        if last.is_empty() {
            self.pieces.pop();
        }
        self.resized(self.len - 1);
        rows
    }
    fn resized(&mut self, len: usize) {
        self.len = len;
        self.mask = len.next_power_of_two() - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_array_grows_and_shrinks_by_one() {
        const MIN: usize = 256;
        let mut b = Buckets::new(MIN);
        assert!(!b.may_shrink());
        for n in MIN..3 * PIECE + 1 {
            assert_eq!(b.len(), n);
            assert!((0..5000).all(|hash| b.of(hash) < n));
            b.push();
            assert!(b.first(n).is_none() && b.link(n).is_none());
        }
        while b.may_shrink() {
            b.pop();
        }
        assert_eq!((b.len(), b.pieces.len()), (MIN, 1));
        assert_eq!(Buckets::parent(256), 0);
        assert_eq!(Buckets::parent(700), 188);
    }
}
