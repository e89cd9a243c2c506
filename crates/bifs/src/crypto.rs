//! The part of module `crypto` that needs no OpenSSL: random bytes and digests.
//!
//! A static native library: functions that are not here stay the stubs of the Erlang module, which raise an
//! error when they are called. The state of a digest that is fed in pieces is a binary: the digest's number,
//! then what the digest itself remembers.

use crate::prelude::*;
use md5::Md5;
use md5::digest::Digest;
use md5::digest::common::hazmat::{SerializableState, SerializedState};
use rustix::rand::{GetRandomFlags, getrandom};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

pub const BIFS: &[Bif] = bifs![
    crypto:strong_rand_bytes_nif/1 => strong_rand_bytes [NIF],
    crypto:strong_rand_range_nif/1 => strong_rand_range [NIF],
    crypto:hash_nif/2 => hash [NIF],
    crypto:hash_init_nif/1 => hash_init [NIF],
    crypto:hash_update_nif/2 => hash_update [NIF],
    crypto:hash_final_nif/1 => hash_final [NIF],
];

/// Most bytes of one call; more is more than anybody needs and would take the memory at once.
const MOST: u64 = 1 << 30;

/// Bytes from the system; `None` if it has none.
fn random(n: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; n];
    let mut done = 0;
    while done < n {
        match getrandom(&mut bytes[done..], GetRandomFlags::empty()) {
            Ok(got) => done += got,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    Some(bytes)
}

fn strong_rand_bytes<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = a[0].as_u64().filter(|n| *n <= MOST).badarg()?;
    p.bump_reductions(1 + n as usize / 64);
    Ok(random(n as usize).map_or(Term::FALSE, |bytes| p.heap.binary(&bytes)))
}

/// A number below the range, both as big-endian binaries: drawn until it fits.
fn strong_rand_range<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let range = a[0].to_bytes().badarg()?;
    let skip = range.iter().position(|b| *b != 0).badarg()?;
    let range = &range[skip..];
    // No bit above the highest of the range, so that every second draw fits at least.
    let mask = u8::MAX >> range[0].leading_zeros();
    loop {
        let Some(mut drawn) = random(range.len()) else {
            return Ok(Term::FALSE);
        };
        drawn[0] &= mask;
        if drawn.as_slice() < range {
            return Ok(p.heap.binary(&drawn));
        }
    }
}

/// A digest in the middle of its work.
trait Running {
    fn feed(&mut self, data: &[u8]);
    fn state(&self) -> Vec<u8>;
    fn digest(self: Box<Self>) -> Vec<u8>;
}

impl<D: Digest + SerializableState> Running for D {
    fn feed(&mut self, data: &[u8]) {
        self.update(data);
    }
    fn state(&self) -> Vec<u8> {
        self.serialize().to_vec()
    }
    fn digest(self: Box<Self>) -> Vec<u8> {
        (*self).finalize().to_vec()
    }
}

struct Kind {
    name: &'static str,
    new: fn() -> Box<dyn Running>,
    resume: fn(&[u8]) -> Option<Box<dyn Running>>,
}

fn new<D: Digest + SerializableState + 'static>() -> Box<dyn Running> {
    Box::new(D::new())
}

fn resume<D: Digest + SerializableState + 'static>(state: &[u8]) -> Option<Box<dyn Running>> {
    let state = SerializedState::<D>::try_from(state).ok()?;
    Some(Box::new(D::deserialize(&state).ok()?))
}

macro_rules! kinds {
    ($($name:literal $digest:ty),*) => {
        &[$(Kind { name: $name, new: new::<$digest>, resume: resume::<$digest> }),*]
    };
}
const KINDS: &[Kind] = kinds![
    "md5" Md5, "sha" Sha1, "sha224" Sha224, "sha256" Sha256, "sha384" Sha384, "sha512" Sha512
];

fn kind<'h>(t: Term<'h>) -> Result<usize, Stop<'h>> {
    let name = t.as_atom().badarg()?.name();
    KINDS
        .iter()
        .position(|k| k.name == name)
        .ok_or(Stop::NOTSUP)
}

fn running<'h>(t: Term<'h>) -> Result<(u8, Box<dyn Running>), Stop<'h>> {
    let bytes = t.to_bytes().badarg()?;
    let (number, state) = bytes.split_first().badarg()?;
    let kind = KINDS.get(usize::from(*number)).badarg()?;
    Ok((*number, (kind.resume)(state).badarg()?))
}

fn hash<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut running = (KINDS[kind(a[0])?].new)();
    running.feed(&crate::iolist::charged(p, a[1])?);
    Ok(p.heap.binary(&running.digest()))
}

fn state<'h>(p: &'h Process, number: u8, running: &dyn Running) -> Term<'h> {
    p.heap
        .binary(&[&[number], running.state().as_slice()].concat())
}

fn hash_init<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let number = kind(a[0])?;
    Ok(state(p, number as u8, (KINDS[number].new)().as_ref()))
}

fn hash_update<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (number, mut running) = running(a[0])?;
    running.feed(&crate::iolist::charged(p, a[1])?);
    Ok(state(p, number, running.as_ref()))
}

fn hash_final<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (_, running) = running(a[0])?;
    Ok(p.heap.binary(&running.digest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_in_pieces_are_those_of_the_whole() {
        for kind in KINDS {
            let mut whole = (kind.new)();
            whole.feed(&[7; 1000]);
            let mut first = (kind.new)();
            first.feed(&[7; 333]);
            let mut second = (kind.resume)(&first.state()).expect("a state");
            second.feed(&[7; 667]);
            assert_eq!(whole.digest(), second.digest(), "{}", kind.name);
            assert!((kind.resume)(&[1, 2, 3]).is_none());
        }
        let mut sha = (KINDS[1].new)();
        sha.feed(b"abc");
        assert_eq!(sha.digest()[..4], [0xa9, 0x99, 0x3e, 0x36]);
    }

    #[test]
    fn random_bytes_are_as_many_as_wanted() {
        assert_eq!(random(0).map(|b| b.len()), Some(0));
        assert_ne!(random(32), random(32));
    }
}
