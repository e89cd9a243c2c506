//! Where the entries of a hash table live: numbered places in chunks that never move, so that a bucket is one
//! number and no insertion waits for a large table to be copied. Called by [`super::hash`] only.

use corten_term::Row;

/// No entry.
pub const NONE: u32 = u32::MAX;
const CHUNK_BITS: u32 = 9;
const CHUNK: usize = 1 << CHUNK_BITS;
/// Marks a row that was removed while the table was fixed.
const DEAD: u32 = 1 << 31;

#[derive(Debug)]
pub struct Entry {
    /// The next entry of the bucket, or of the list of free places.
    pub next: u32,
    /// 28 bits of hash, and [`DEAD`].
    state: u32,
    /// Nothing in a free place.
    row: Option<Row>,
}

impl Entry {
    #[inline(always)]
    pub fn hash(&self) -> u32 {
        self.state & !DEAD
    }
    #[inline(always)]
    pub fn is_dead(&self) -> bool {
        self.state & DEAD != 0
    }
    pub fn set_dead(&mut self, dead: bool) {
        self.state = self.hash() | if dead { DEAD } else { 0 };
    }
    /// The row, dead or not.
    #[inline(always)]
    pub fn row(&self) -> Option<&Row> {
        self.row.as_ref()
    }
    /// The row that programs see.
    #[inline(always)]
    pub fn live(&self) -> Option<&Row> {
        if self.is_dead() { None } else { self.row() }
    }
    pub fn live_mut(&mut self) -> Option<&mut Row> {
        if self.is_dead() {
            None
        } else {
            self.row.as_mut()
        }
    }
    /// Puts a living row in place of what is here.
    pub fn set(&mut self, row: Row) -> Option<Row> {
        self.set_dead(false);
        self.row.replace(row)
    }
}

pub const ENTRY_WORDS: usize = size_of::<Entry>() / 8;

#[derive(Debug)]
pub struct Slab {
    chunks: Vec<Vec<Entry>>,
    /// First of the free places.
    free: u32,
}

impl Slab {
    pub const fn new() -> Slab {
        Slab {
            chunks: Vec::new(),
            free: NONE,
        }
    }
    /// The entry of a number that a bucket or another entry names.
    #[inline(always)]
    pub fn get(&self, i: u32) -> &Entry {
        &self.chunks[(i >> CHUNK_BITS) as usize][i as usize & (CHUNK - 1)]
    }
    #[inline(always)]
    pub fn get_mut(&mut self, i: u32) -> &mut Entry {
        &mut self.chunks[(i >> CHUNK_BITS) as usize][i as usize & (CHUNK - 1)]
    }

    /// Takes a place for a row.
    pub fn add(&mut self, hash: u32, row: Row, next: u32) -> u32 {
        let entry = Entry {
            next,
            state: hash,
            row: Some(row),
        };
        if self.free != NONE {
            let i = self.free;
            let place = self.get_mut(i);
            let next_free = place.next;
            *place = entry;
            self.free = next_free;
            return i;
        }
        if self.chunks.last().is_none_or(|c| c.len() == CHUNK) {
            // The first chunk grows: small tables are small.
            let room = if self.chunks.is_empty() { 4 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        let chunk = self.chunks.len() - 1;
        let within = &mut self.chunks[chunk];
        within.push(entry);
        let number = (chunk << CHUNK_BITS) + within.len() - 1;
        match u32::try_from(number) {
            Ok(n) if n != NONE => n,
            _ => corten_term::heap::out_of_memory(number),
        }
    }

    /// Gives a place back; its row goes.
    pub fn remove(&mut self, i: u32) -> Option<Row> {
        let next = self.free;
        let place = self.get_mut(i);
        place.next = next;
        let row = place.row.take();
        self.free = i;
        row
    }

    /// Drops the chunk added last with its rows; how many places it had. For a slab that nothing refers to any more.
    pub fn drop_chunk(&mut self) -> Option<usize> {
        self.chunks.pop().map(|c| c.len())
    }

    /// Whether more than the first chunk is in use.
    pub fn is_large(&self) -> bool {
        self.chunks.len() > 1
    }
}
