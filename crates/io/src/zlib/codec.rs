//! One step of compressing or decompressing: some of the queued input to one buffer of output.

use super::{AfterEnd, Stream, outcome, stream};
use crate::sys::zstream::{self, Mode};
use crate::{args, atoms};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process};
use corten_term::{Binary, Term};

pub fn deflate<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let sizes = Sizes::of(a).badarg()?;
    let mut s = stream(p, a[0])?;
    s.running(Mode::Deflate)?;
    step(p, &mut s, Mode::Deflate, &sizes)
}

pub fn inflate<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let sizes = Sizes::of(a).badarg()?;
    let mut s = stream(p, a[0])?;
    s.running(Mode::Inflate)?;
    if s.end_seen && !s.input.is_empty() {
        match s.after_end {
            AfterEnd::Error => return outcome(zstream::DATA_ERROR),
            AfterEnd::Reset => {
                let code = s.running(Mode::Inflate)?.reset();
                if code != zstream::OK {
                    return outcome(code);
                }
                s.end_seen = false;
            }
            AfterEnd::Cut => s.reset_input(),
        }
    }
    step(p, &mut s, Mode::Inflate, &sizes)
}

struct Sizes {
    input: usize,
    output: usize,
    flush: i32,
}

impl Sizes {
    fn of(a: Args<'_>) -> Option<Sizes> {
        Some(Sizes {
            input: usize::try_from(args::int(a[1])?).ok()?,
            output: usize::try_from(args::int(a[2])?).ok()?,
            flush: args::int(a[3])?,
        })
    }
}

/// What one step did.
struct Progress {
    code: i32,
    consumed: usize,
    produced: usize,
    remaining: usize,
}

/// Feeds queued input up to the limit; at its end lets zlib write what it holds back.
fn feed(s: &mut Stream, mode: Mode, sizes: &Sizes, out: &mut [u8]) -> Progress {
    let Stream { zstream, input, .. } = s;
    let mut done = Progress {
        code: zstream::OK,
        consumed: 0,
        produced: 0,
        remaining: input.size(),
    };
    let Some(z) = zstream.as_mut().filter(|z| z.mode == mode) else {
        done.code = zstream::STREAM_ERROR;
        return done;
    };
    for chunk in input.chunks() {
        if done.code != zstream::OK || done.consumed >= sizes.input {
            break;
        }
        let block = &chunk.bytes()[..chunk.len().min(sizes.input)];
        let step = z.step(block, &mut out[done.produced..], zstream::NO_FLUSH);
        done.code = step.code;
        done.consumed += step.consumed;
        done.produced += step.produced;
        if step.consumed < chunk.len() {
            break;
        }
    }
    input.skip(done.consumed);
    done.remaining = input.size();
    if done.code == zstream::OK && done.remaining == 0 && done.produced < out.len() {
        let step = z.step(&[], &mut out[done.produced..], sizes.flush);
        done.code = step.code;
        done.produced += step.produced;
    }
    done
}

fn step<'h>(p: &'h Process, s: &mut Stream, mode: Mode, sizes: &Sizes) -> BifResult<'h> {
    let mut progress = None;
    let output = Binary::filled(sizes.output, |out| {
        let done = feed(s, mode, sizes, out);
        let failed = done.code < 0 && done.code != zstream::BUF_ERROR;
        let (code, produced) = (done.code, done.produced);
        progress = Some(done);
        if failed { Err(code) } else { Ok(produced) }
    });
    let (output, done) = match (output, progress) {
        (Some(Ok(output)), Some(done)) => (output, done),
        (Some(Err(code)), _) => return outcome(code),
        _ => return outcome(zstream::MEM_ERROR),
    };
    p.bump_reductions((done.consumed + done.produced) / 64);
    s.end_seen |= done.code == zstream::STREAM_END;
    if done.consumed == 0 && done.produced == 0 && done.remaining != 0 {
        return outcome(zstream::DATA_ERROR);
    }
    let output = if done.produced > 0 {
        p.heap.list(&[args::binary_of(p, output)])
    } else {
        Term::NIL
    };
    if done.remaining == 0 && done.produced < sizes.output {
        Ok(p.heap.tuple(&[Term::atom(atoms::finished()), output]))
    } else if done.code != zstream::NEED_DICT {
        Ok(p.heap.tuple(&[Term::atom(atoms::continue_()), output]))
    } else {
        let checksum = s.running(mode)?.adler();
        let need = Term::atom(atoms::need_dictionary());
        Ok(p.heap.tuple(&[need, p.heap.uint(checksum), output]))
    }
}
