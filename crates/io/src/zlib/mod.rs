//! `zlib`: compressing and decompressing streams. `zlib.erl` drives it: it enqueues input, then asks for output
//! in steps, so that no step takes long.
//!
//! Only the controlling process may use a stream; others get `not_on_controlling_process`. The stash
//! keeps one term for `zlib.erl`.

mod codec;

use crate::queue::{ByteQueue, Chunk};
use crate::sys::zstream::{self, Mode, ZStream};
use crate::{args, atoms};
use corten_engine::bif::OrBadarg;
use corten_engine::signal::Parcel;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Pid, Term, am};
use std::sync::{Mutex, MutexGuard};

pub const BIFS: &[Bif] = bifs![
    zlib:open_nif/0 => open [NIF],
    zlib:close_nif/1 => close [NIF],
    zlib:set_controller_nif/2 => set_controller [NIF],
    zlib:deflateInit_nif/6 => deflate_init [NIF],
    zlib:deflateSetDictionary_nif/2 => deflate_set_dictionary [NIF],
    zlib:deflateReset_nif/1 => deflate_reset [NIF],
    zlib:deflateEnd_nif/1 => deflate_end [NIF],
    zlib:deflateParams_nif/3 => deflate_params [NIF],
    zlib:deflate_nif/4 => codec::deflate [NIF],
    zlib:inflateInit_nif/3 => inflate_init [NIF],
    zlib:inflateSetDictionary_nif/2 => inflate_set_dictionary [NIF],
    zlib:inflateGetDictionary_nif/1 => inflate_get_dictionary [NIF],
    zlib:inflateReset_nif/1 => inflate_reset [NIF],
    zlib:inflateEnd_nif/1 => inflate_end [NIF],
    zlib:inflate_nif/4 => codec::inflate [NIF],
    zlib:getStash_nif/1 => get_stash [NIF],
    zlib:clearStash_nif/1 => clear_stash [NIF],
    zlib:setStash_nif/2 => set_stash [NIF],
    zlib:enqueue_nif/2 => enqueue [NIF],
];

/// Binaries that one call enqueues.
const VECTOR: usize = 256;

/// What happens to input behind the end of a compressed stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterEnd {
    Error,
    Reset,
    Cut,
}

#[derive(Debug)]
struct Stream {
    controller: Pid,
    zstream: Option<ZStream>,
    closed: bool,
    input: ByteQueue,
    raw: bool,
    end_seen: bool,
    after_end: AfterEnd,
    stash: Option<Parcel>,
}

impl Stream {
    /// The stream, if it is initialised for this.
    fn running<'h>(&mut self, mode: Mode) -> Result<&mut ZStream, Stop<'h>> {
        self.zstream
            .as_mut()
            .filter(|z| z.mode == mode)
            .ok_or_else(|| args::raise(atoms::not_initialized()))
    }
    fn check_blank<'h>(&self) -> Result<(), Stop<'h>> {
        if self.zstream.is_none() && !self.closed {
            Ok(())
        } else {
            Err(args::raise(atoms::already_initialized()))
        }
    }
    fn reset_input(&mut self) {
        self.input.clear();
        self.stash = None;
    }
}

/// The stream behind the reference, for its controlling process.
fn stream<'h>(p: &Process, t: Term<'h>) -> Result<MutexGuard<'h, Stream>, Stop<'h>> {
    let s = t.as_magic_of::<Mutex<Stream>>().badarg()?;
    let s = s.lock().unwrap_or_else(|e| e.into_inner());
    if s.controller == p.pid() {
        Ok(s)
    } else {
        Err(args::raise(atoms::not_on_controlling_process()))
    }
}

/// What a code of zlib is to the caller.
fn outcome<'h>(code: i32) -> BifResult<'h> {
    Ok(Term::atom(match code {
        zstream::OK => am::ok,
        zstream::STREAM_END => atoms::stream_end(),
        zstream::STREAM_ERROR => return Err(args::raise(atoms::stream_error())),
        zstream::DATA_ERROR => return Err(args::raise(atoms::data_error())),
        zstream::MEM_ERROR => atoms::mem_error(),
        zstream::BUF_ERROR => atoms::buf_error(),
        zstream::VERSION_ERROR => atoms::version_error(),
        _ => atoms::unknown_error(),
    }))
}

fn open<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let stream = Stream {
        controller: p.pid(),
        zstream: None,
        closed: false,
        input: ByteQueue::default(),
        raw: false,
        end_seen: false,
        after_end: AfterEnd::Cut,
        stash: None,
    };
    Ok(p.heap.magic_reference(Magic::new(Mutex::new(stream))))
}

fn close<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = stream(p, a[0])?;
    if s.closed {
        return Err(args::raise(atoms::not_initialized()));
    }
    s.zstream = None;
    s.closed = true;
    s.stash = None;
    Ok(Term::OK)
}

fn set_controller<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let new = a[1].as_local_pid().badarg()?;
    stream(p, a[0])?.controller = new;
    Ok(Term::OK)
}

fn deflate_init<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n: Option<Vec<i32>> = a[1..].iter().map(|t| args::int(*t)).collect();
    let n = n.badarg()?;
    let mut s = stream(p, a[0])?;
    s.check_blank()?;
    match ZStream::deflate(n[0], n[1], n[2], n[3], n[4]) {
        Ok(z) => {
            s.zstream = Some(z);
            s.end_seen = false;
            s.raw = n[2] < 0;
            Ok(Term::OK)
        }
        Err(code) => outcome(code),
    }
}

fn deflate_set_dictionary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let dictionary = args::iolist(a[1]).badarg()?;
    let mut s = stream(p, a[0])?;
    let raw = s.raw;
    let z = s.running(Mode::Deflate)?;
    match z.set_dictionary(&dictionary) {
        // A raw stream has no checksum of its own.
        zstream::OK if raw => Ok(p.heap.uint(zstream::adler32(&dictionary))),
        zstream::OK => Ok(p.heap.uint(z.adler())),
        code => outcome(code),
    }
}

fn reset<'h>(p: &'h Process, a: Args<'h>, mode: Mode) -> BifResult<'h> {
    let mut s = stream(p, a[0])?;
    let code = s.running(mode)?.reset();
    s.end_seen = false;
    s.reset_input();
    outcome(code)
}

fn deflate_reset<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    reset(p, a, Mode::Deflate)
}

fn inflate_reset<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    reset(p, a, Mode::Inflate)
}

/// Ends a stream; unused input, and a compressed stream cut short, are data errors.
fn end<'h>(p: &'h Process, a: Args<'h>, mode: Mode) -> BifResult<'h> {
    let mut s = stream(p, a[0])?;
    s.running(mode)?;
    let mut code = s.zstream.take().map_or(zstream::STREAM_ERROR, ZStream::end);
    let cut_short = mode == Mode::Inflate && !s.end_seen;
    if code == zstream::OK && (cut_short || !s.input.is_empty()) {
        code = zstream::DATA_ERROR;
    }
    s.reset_input();
    outcome(code)
}

fn deflate_end<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    end(p, a, Mode::Deflate)
}

fn inflate_end<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    end(p, a, Mode::Inflate)
}

fn deflate_params<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let level = args::int(a[1]).badarg()?;
    let strategy = args::int(a[2]).badarg()?;
    let mut s = stream(p, a[0])?;
    outcome(s.running(Mode::Deflate)?.params(level, strategy))
}

fn inflate_init<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let window_bits = args::int(a[1]).badarg()?;
    let after_end = args::int(a[2]).badarg()?;
    let mut s = stream(p, a[0])?;
    s.check_blank()?;
    match ZStream::inflate(window_bits) {
        Ok(z) => {
            s.zstream = Some(z);
            s.end_seen = false;
            s.raw = window_bits < 0;
            s.after_end = match after_end {
                0 => AfterEnd::Error,
                1 => AfterEnd::Reset,
                _ => AfterEnd::Cut,
            };
            Ok(Term::OK)
        }
        Err(code) => outcome(code),
    }
}

fn inflate_set_dictionary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let dictionary = args::iolist(a[1]).badarg()?;
    let mut s = stream(p, a[0])?;
    outcome(s.running(Mode::Inflate)?.set_dictionary(&dictionary))
}

fn inflate_get_dictionary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = stream(p, a[0])?;
    match s.running(Mode::Inflate)?.dictionary() {
        Ok(bytes) => Ok(p.heap.binary(&bytes)),
        Err(code) => outcome(code),
    }
}

fn get_stash<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let s = stream(p, a[0])?;
    Ok(match &s.stash {
        Some(parcel) => args::ok(p, corten_term::copy::copy(parcel.term(), &p.heap)),
        None => Term::atom(atoms::empty()),
    })
}

fn clear_stash<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match stream(p, a[0])?.stash.take() {
        Some(_) => Ok(Term::OK),
        None => Err(args::raise(am::error)),
    }
}

fn set_stash<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = stream(p, a[0])?;
    if s.stash.is_some() {
        return Err(args::raise(am::error));
    }
    s.stash = Some(Parcel::pack_whole(a[1]));
    Ok(Term::OK)
}

fn enqueue<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = stream(p, a[0])?;
    if s.zstream.is_none() {
        return Err(args::raise(atoms::not_initialized()));
    }
    let mut rest = a[1];
    let mut chunks = Vec::new();
    while chunks.len() < VECTOR {
        let Some((head, tail)) = rest.as_cons() else {
            break;
        };
        chunks.push(Chunk::of(head).badarg()?);
        rest = tail;
    }
    if !rest.is_list() {
        return Err(Stop::BADARG);
    }
    chunks.into_iter().for_each(|c| s.input.push(c));
    Ok(if rest.is_nil() {
        Term::OK
    } else {
        p.heap.tuple(&[Term::atom(atoms::continue_()), rest])
    })
}

/// `bytes` in gzip form, as `zlib:gzip/1` makes it.
pub fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut z = ZStream::deflate(-1, 8, 16 + 15, 8, 0).ok()?;
    run(&mut z, bytes, zstream::FINISH, usize::MAX)
}

/// What a gzip form holds; `None` if it is damaged or holds more than `max` bytes.
pub fn gunzip(bytes: &[u8], max: usize) -> Option<Vec<u8>> {
    let mut z = ZStream::inflate(16 + 15).ok()?;
    run(&mut z, bytes, zstream::NO_FLUSH, max)
}

fn run(z: &mut ZStream, mut input: &[u8], flush: i32, max: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let step = z.step(input, &mut buffer, flush);
        input = &input[step.consumed..];
        out.extend_from_slice(&buffer[..step.produced]);
        match step.code {
            _ if out.len() > max => return None,
            zstream::STREAM_END => return Some(out),
            zstream::OK if step.consumed + step.produced > 0 => {}
            _ => return None,
        }
    }
}
