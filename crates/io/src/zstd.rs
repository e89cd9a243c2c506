//! The natives of OTP 28's module `zstd`: compressing and decompressing streams, and dictionaries. `zstd.erl` drives them: each
//! step takes one binary and gives at most one buffer of output.
//!
//! Only the process that made a stream may use it; dictionaries are anybody's. Steps run on the pool for long computations, as
//! nobody knows how long one takes.

use crate::atoms::{self, intern};
use crate::sys::zstandard::{
    self, CompressDictionary, Compressor, DecompressDictionary, Decompressor, Directive, Error,
    Parameter, Step,
};
use crate::{args, errno};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Binary, Pid, Term, am, map};
use std::sync::{Arc, Mutex, MutexGuard};

pub const BIFS: &[Bif] = bifs![
    zstd:init_compress_nif/0 => open_compressor [NIF],
    zstd:load_compress_dictionary_nif/2 => load_compress_dictionary [NIF DIRTY_CPU],
    zstd:ref_compress_dictionary_nif/2 => use_compress_dictionary [NIF],
    zstd:set_compress_parameter_nif/3 => set_compress_parameter [NIF],
    zstd:get_compress_parameter_nif/2 => get_compress_parameter [NIF],
    zstd:set_pledged_src_size_nif/2 => pledge [NIF],
    zstd:compress_stream_nif/3 => compress [NIF DIRTY_CPU],
    zstd:compress_reset_nif/1 => reset_compressor [NIF],
    zstd:compress_close_nif/1 => close_compressor [NIF],
    zstd:init_decompress_nif/0 => open_decompressor [NIF],
    zstd:load_decompress_dictionary_nif/2 => load_decompress_dictionary [NIF DIRTY_CPU],
    zstd:ref_decompress_dictionary_nif/2 => use_decompress_dictionary [NIF],
    zstd:set_decompress_parameter_nif/3 => set_decompress_parameter [NIF],
    zstd:get_decompress_parameter_nif/2 => get_decompress_parameter [NIF],
    zstd:decompress_stream_nif/3 => decompress [NIF DIRTY_CPU],
    zstd:decompress_reset_nif/1 => reset_decompressor [NIF],
    zstd:decompress_close_nif/1 => close_decompressor [NIF],
    zstd:create_cdict_nif/2 => compress_dictionary [NIF DIRTY_CPU],
    zstd:create_ddict_nif/1 => decompress_dictionary [NIF DIRTY_CPU],
    zstd:"getDictId_fromCDict_nif"/1 => id_of_compress_dictionary [NIF],
    zstd:"getDictId_fromDDict_nif"/1 => id_of_decompress_dictionary [NIF],
    zstd:"getDictId_fromDict_nif"/1 => id_of_dictionary [NIF],
    zstd:"getDictId_fromFrame_nif"/1 => id_of_frame [NIF],
    zstd:get_frame_header_nif/1 => frame_header [NIF],
];

/// A stream of the process that made it; none once it is closed.
#[derive(Debug)]
struct Owned<T> {
    owner: Pid,
    stream: Option<T>,
}

type Shared<T> = Mutex<Owned<T>>;

/// A stream that is open and ours, while it is locked.
struct Open<'h, T>(MutexGuard<'h, Owned<T>>);

impl<T> Open<'_, T> {
    /// The stream, which `open` has seen.
    fn get<'h>(&mut self) -> Result<&mut T, Stop<'h>> {
        self.0.stream.as_mut().badarg()
    }
}

fn open<'h, T: 'static>(p: &Process, t: Term<'h>) -> Result<Open<'h, T>, Stop<'h>> {
    let s = t.as_magic_of::<Shared<T>>().badarg()?;
    let s = s.lock().unwrap_or_else(|e| e.into_inner());
    if s.stream.is_none() {
        return Err(Stop::BADARG);
    }
    if s.owner != p.pid() {
        return Err(args::raise(atoms::not_on_controlling_process()));
    }
    Ok(Open(s))
}

fn make<T: Send + 'static>(p: &Process, stream: Option<T>) -> BifResult<'_> {
    let stream = stream.ok_or(args::raise(errno::atom(rustix::io::Errno::NOMEM)))?;
    let owned = Owned {
        owner: p.pid(),
        stream: Some(stream),
    };
    Ok(p.heap.magic_reference(Magic::new(Mutex::new(owned))))
}

/// `{zstd_error, Text}`.
fn failed<'h>(p: &'h Process, e: Error) -> Stop<'h> {
    let text = p.heap.binary(e.0.as_bytes());
    Stop::error_tuple(p, intern("zstd_error"), text)
}

/// `{badarg, {What, Value}}`.
fn invalid<'h>(p: &'h Process, what: &str, value: Term<'h>) -> Stop<'h> {
    let reason = p.heap.tuple(&[Term::atom(intern(what)), value]);
    Stop::error_tuple(p, am::badarg, reason)
}

fn done<'h>(p: &'h Process, r: Result<(), Error>) -> BifResult<'h> {
    r.map_err(|e| failed(p, e))?;
    Ok(Term::OK)
}

// ---- parameters ----

/// What the values of a parameter look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Flag,
    Strategy,
}

const PARAMETERS: &[(&str, Parameter, Kind)] = &[
    (
        "compressionLevel",
        Parameter::ZSTD_c_compressionLevel,
        Kind::Number,
    ),
    ("windowLog", Parameter::ZSTD_c_windowLog, Kind::Number),
    ("hashLog", Parameter::ZSTD_c_hashLog, Kind::Number),
    ("chainLog", Parameter::ZSTD_c_chainLog, Kind::Number),
    ("searchLog", Parameter::ZSTD_c_searchLog, Kind::Number),
    ("minMatch", Parameter::ZSTD_c_minMatch, Kind::Number),
    ("targetLength", Parameter::ZSTD_c_targetLength, Kind::Number),
    ("strategy", Parameter::ZSTD_c_strategy, Kind::Strategy),
    (
        "targetCBlockSize",
        Parameter::ZSTD_c_targetCBlockSize,
        Kind::Number,
    ),
    (
        "enableLongDistanceMatching",
        Parameter::ZSTD_c_enableLongDistanceMatching,
        Kind::Flag,
    ),
    ("ldmHashLog", Parameter::ZSTD_c_ldmHashLog, Kind::Number),
    ("ldmMinMatch", Parameter::ZSTD_c_ldmMinMatch, Kind::Number),
    (
        "ldmBucketSizeLog",
        Parameter::ZSTD_c_ldmBucketSizeLog,
        Kind::Number,
    ),
    (
        "ldmHashRateLog",
        Parameter::ZSTD_c_ldmHashRateLog,
        Kind::Number,
    ),
    (
        "contentSizeFlag",
        Parameter::ZSTD_c_contentSizeFlag,
        Kind::Flag,
    ),
    ("checksumFlag", Parameter::ZSTD_c_checksumFlag, Kind::Flag),
    ("dictIDFlag", Parameter::ZSTD_c_dictIDFlag, Kind::Flag),
];

/// By their numbers.
const STRATEGIES: [&str; 10] = [
    "default", "fast", "dfast", "greedy", "lazy", "lazy2", "btlazy2", "btopt", "btultra",
    "btultra2",
];

const WINDOW_LOG_MAX: &str = "windowLogMax";

fn parameter<'h>(p: &'h Process, key: Term<'h>) -> Result<(Parameter, Kind), Stop<'h>> {
    let name = key.as_atom().map(|a| a.name());
    let known = PARAMETERS.iter().find(|k| name == Some(k.0));
    let known = known.ok_or_else(|| invalid(p, "invalid_key", key))?;
    Ok((known.1, known.2))
}

fn value(kind: Kind, t: Term<'_>) -> Option<i32> {
    match kind {
        Kind::Number => args::int(t),
        Kind::Flag => t.as_bool().map(i32::from),
        Kind::Strategy => {
            let name = t.as_atom()?.name();
            let at = STRATEGIES.iter().position(|s| *s == name)?;
            i32::try_from(at).ok()
        }
    }
}

fn set_compress_parameter<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Compressor>(p, a[0])?;
    let (parameter, kind) = parameter(p, a[1])?;
    let value = value(kind, a[2]).ok_or_else(|| invalid(p, "invalid_value", a[2]))?;
    done(p, s.get()?.set(parameter, value))
}

fn get_compress_parameter<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Compressor>(p, a[0])?;
    let (parameter, kind) = parameter(p, a[1])?;
    let value = s.get()?.get(parameter).map_err(|e| failed(p, e))?;
    Ok(match kind {
        Kind::Number => Term::small(value.into()),
        Kind::Flag => Term::bool(value == 1),
        Kind::Strategy => {
            let name = usize::try_from(value).ok().and_then(|n| STRATEGIES.get(n));
            Term::atom(intern(name.badarg()?))
        }
    })
}

fn pledge<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Compressor>(p, a[0])?;
    let size = a[1].as_u64().badarg()?;
    done(p, s.get()?.pledge(size))
}

fn is_window_log<'h>(p: &'h Process, key: Term<'h>) -> Result<(), Stop<'h>> {
    let name = key.as_atom().map(|a| a.name());
    if name == Some(WINDOW_LOG_MAX) {
        return Ok(());
    }
    Err(invalid(p, "invalid_key", key))
}

fn set_decompress_parameter<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Decompressor>(p, a[0])?;
    is_window_log(p, a[1])?;
    let value = args::int(a[2]).badarg()?;
    done(p, s.get()?.set_window_log_max(value))
}

fn get_decompress_parameter<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Decompressor>(p, a[0])?;
    is_window_log(p, a[1])?;
    let value = s.get()?.window_log_max().map_err(|e| failed(p, e))?;
    Ok(Term::small(value.into()))
}

// ---- streams ----

fn open_compressor<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    make(p, Compressor::new())
}

fn open_decompressor<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    make(p, Decompressor::new())
}

fn reset_compressor<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    open::<Compressor>(p, a[0])?.get()?.reset();
    Ok(Term::OK)
}

fn reset_decompressor<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    open::<Decompressor>(p, a[0])?.get()?.reset();
    Ok(Term::OK)
}

fn close_compressor<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    open::<Compressor>(p, a[0])?.0.stream = None;
    Ok(Term::OK)
}

fn close_decompressor<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    open::<Decompressor>(p, a[0])?.0.stream = None;
    Ok(Term::OK)
}

fn directive(t: Term<'_>) -> Option<Directive> {
    Some(match t.as_small()? {
        0 => Directive::Continue,
        1 => Directive::Flush,
        2 => Directive::End,
        _ => return None,
    })
}

/// One step into a fresh buffer.
fn step<'h>(
    p: &'h Process,
    size: usize,
    run: impl FnOnce(&mut [u8]) -> Result<Step, Error>,
) -> Result<(Term<'h>, Step), Stop<'h>> {
    let mut progress = None;
    let output = Binary::filled(size, |out| {
        let done = run(out)?;
        progress = Some(done);
        Ok(done.produced)
    });
    match (output, progress) {
        (Some(Ok(output)), Some(done)) => Ok((args::binary_of(p, output), done)),
        (Some(Err(e)), _) => Err(failed(p, e)),
        _ => Err(args::raise(errno::atom(rustix::io::Errno::NOMEM))),
    }
}

/// `{continue, Rest, Output}` if there is input left.
fn unconsumed<'h>(
    p: &'h Process,
    input: Term<'h>,
    consumed: usize,
    output: Term<'h>,
) -> Option<Term<'h>> {
    let bits = input.as_bits()?;
    if consumed * 8 >= bits.size {
        return None;
    }
    let (start, end) = (bits.start + consumed * 8, bits.start + bits.size);
    let rest = p.heap.sub_bits(bits.orig, bits.base(), start, end);
    let tag = Term::atom(atoms::continue_());
    Some(p.heap.tuple(&[tag, rest, output]))
}

fn tagged<'h>(p: &'h Process, tag: &str, output: Term<'h>) -> Term<'h> {
    p.heap.tuple(&[Term::atom(intern(tag)), output])
}

fn compress<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Compressor>(p, a[0])?;
    let input = a[1].to_bytes().badarg()?;
    let directive = directive(a[2]).badarg()?;
    let stream = s.get()?;
    let size = zstandard::output_sizes().0;
    let (output, done) = step(p, size, |out| stream.step(&input, out, directive))?;
    if let Some(result) = unconsumed(p, a[1], done.consumed, output) {
        return Ok(result);
    }
    Ok(tagged(
        p,
        match directive {
            Directive::Continue => "continue",
            _ if done.left == 0 => "done",
            _ => "flush",
        },
        output,
    ))
}

fn decompress<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Decompressor>(p, a[0])?;
    let input = a[1].to_bytes().badarg()?;
    let directive = directive(a[2]).badarg()?;
    let stream = s.get()?;
    let size = zstandard::output_sizes().1;
    let (output, done) = step(p, size, |out| stream.step(&input, out))?;
    if let Some(result) = unconsumed(p, a[1], done.consumed, output) {
        return Ok(result);
    }
    // A full buffer may not be all; a frame that is cut short has an end all the same.
    let more = done.left != 0 && done.produced == size;
    Ok(tagged(
        p,
        match directive {
            Directive::Continue => "continue",
            _ if more => "flush",
            _ => "done",
        },
        output,
    ))
}

// ---- dictionaries ----

fn load_compress_dictionary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Compressor>(p, a[0])?;
    let bytes = a[1].to_bytes().badarg()?;
    done(p, s.get()?.load_dictionary(&bytes))
}

fn load_decompress_dictionary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Decompressor>(p, a[0])?;
    let bytes = a[1].to_bytes().badarg()?;
    done(p, s.get()?.load_dictionary(&bytes))
}

fn use_compress_dictionary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Compressor>(p, a[0])?;
    let dictionary = a[1].as_magic_of::<Arc<CompressDictionary>>().badarg()?;
    done(p, s.get()?.use_dictionary(dictionary.clone()))
}

fn use_decompress_dictionary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut s = open::<Decompressor>(p, a[0])?;
    let dictionary = a[1].as_magic_of::<Arc<DecompressDictionary>>().badarg()?;
    done(p, s.get()?.use_dictionary(dictionary.clone()))
}

fn compress_dictionary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (bytes, level) = (a[0].to_bytes().badarg()?, args::int(a[1]).badarg()?);
    Ok(match CompressDictionary::new(&bytes, level) {
        Some(d) => p.heap.magic_reference(Magic::new(Arc::new(d))),
        None => args::error(p, intern("invalid_compress_dict")),
    })
}

fn decompress_dictionary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    Ok(match DecompressDictionary::new(&bytes) {
        Some(d) => p.heap.magic_reference(Magic::new(Arc::new(d))),
        None => args::error(p, intern("invalid_decompress_dict")),
    })
}

fn id_of_compress_dictionary<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let d = a[0].as_magic_of::<Arc<CompressDictionary>>().badarg()?;
    Ok(Term::small(d.id().into()))
}

fn id_of_decompress_dictionary<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let d = a[0].as_magic_of::<Arc<DecompressDictionary>>().badarg()?;
    Ok(Term::small(d.id().into()))
}

fn id_of_dictionary<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    Ok(Term::small(zstandard::dictionary_id(&bytes).into()))
}

fn id_of_frame<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = args::iolist(a[0]).badarg()?;
    Ok(Term::small(zstandard::frame_dictionary_id(&bytes).into()))
}

fn frame_header<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = args::iolist(a[0]).badarg()?;
    let header = zstandard::frame_header(&bytes).map_err(|e| failed(p, e))?;
    let h = header.ok_or_else(|| failed(p, Error("Src size is incorrect")))?;
    let content = match h.content_size {
        Some(n) => p.heap.uint(n),
        None => Term::UNDEFINED,
    };
    let kind = match h.skippable {
        true => "ZSTD_skippableFrame",
        false => "ZSTD_frame",
    };
    let pairs = [
        ("frameContentSize", content),
        ("windowSize", p.heap.uint(h.window_size)),
        ("blockSizeMax", Term::small(h.block_size_max.into())),
        ("frameType", Term::atom(intern(kind))),
        ("headerSize", Term::small(h.header_size.into())),
        ("dictID", Term::small(h.dictionary.into())),
        ("checksumFlag", Term::bool(h.checksum)),
    ];
    let pairs = pairs.map(|(name, value)| (Term::atom(intern(name)), value));
    Ok(args::ok(p, map::from_pairs(&p.heap, &pairs)))
}
