//! Calls that take long must not keep a scheduler thread: a native function whose input is long starts over on the
//! pool for long computations ([`Stop::Pool`]), where it runs in one piece. A function asks here before it does
//! anything that shows; what is asked is cheap for short inputs. On the pool everything is allowed.
//!
//! The limits are what takes well under a millisecond, so that a slice stays about one. Functions whose rest is a call
//! of the same function (`lists:member/2`, …) do not come here: they continue with the rest, slice by slice.

use crate::prelude::*;
use corten_engine::sched::scheduler;
use corten_term::map;

/// Bytes that are copied, compared or summed up.
pub const BYTES: usize = 256 << 10;
/// List cells, or parts of a term, that are visited.
pub const PARTS: usize = 40_000;

/// Whether this is a scheduler thread, which must not be kept for long.
pub fn matters() -> bool {
    scheduler::current_index().is_some()
}

/// Goes to the pool if there is more than `most` to do.
#[inline]
pub fn amount<'h>(n: usize, most: usize) -> Result<(), Stop<'h>> {
    if n > most && matters() {
        return Err(Stop::Pool);
    }
    Ok(())
}

/// Goes to the pool if the list has more than `most` cells.
pub fn list<'h>(t: Term<'h>, most: usize) -> Result<(), Stop<'h>> {
    if t.iter().nth(most).is_some() && matters() {
        return Err(Stop::Pool);
    }
    Ok(())
}

/// Goes to the pool if the term has more than [`PARTS`] parts; else how many it has.
pub fn term<'h>(t: Term<'h>) -> Result<usize, Stop<'h>> {
    if t.is_immediate() {
        return Ok(1);
    }
    match parts(t, PARTS) {
        Some(n) => Ok(n),
        None if matters() => Err(Stop::Pool),
        None => Ok(PARTS),
    }
}

/// How many parts a term has, if these are not more than `most`; long binaries and integers count as several.
fn parts(t: Term<'_>, most: usize) -> Option<usize> {
    let mut left = most;
    let mut waiting = Vec::new();
    let mut next = Some(t);
    while let Some(t) = next.take().or_else(|| waiting.pop()) {
        let n = match t.kind() {
            Kind::Cons(head, tail) => {
                if !head.is_immediate() {
                    waiting.push(head);
                }
                next = Some(tail);
                1
            }
            Kind::Tuple(e) => {
                if e.len() <= left {
                    waiting.extend(e.iter().copied().filter(|t| !t.is_immediate()));
                }
                e.len()
            }
            Kind::Map => {
                let n = 2 * t.map_size().unwrap_or(0);
                if n <= left {
                    let all = map::iter(t).flat_map(|(k, v)| [k, v]);
                    waiting.extend(all.filter(|t| !t.is_immediate()));
                }
                n
            }
            Kind::Fun(f) => {
                waiting.extend(f.free.iter().copied());
                f.free.len() + 1
            }
            Kind::Bits(b) => 1 + b.size / (8 * BYTES / PARTS),
            Kind::Big(b) => b.limbs.len(),
            _ => 1,
        };
        left = left.checked_sub(n)?;
    }
    Some(most - left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_up_to_the_limit() {
        let h = Heap::new();
        let numbers: Vec<_> = (0..100).map(Term::small).collect();
        let exceeds = |t, most| parts(t, most).is_none();
        let list = h.list(&numbers);
        assert!(exceeds(list, 99) && !exceeds(list, 101));
        let nested = h.tuple(&[list, h.tuple(&[list])]);
        assert!(exceeds(nested, 200) && !exceeds(nested, 210));
        assert!(exceeds(h.binary(&vec![0; 2 * BYTES]), PARTS));
        assert!(!exceeds(h.binary(&vec![0; BYTES / 2]), PARTS));
        assert!(!exceeds(Term::NIL, 1));
    }

    #[test]
    fn nothing_is_too_long_off_the_schedulers() {
        assert!(amount(8, 7).is_ok());
    }
}
