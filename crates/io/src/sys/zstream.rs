//! A zlib stream with all of zlib's parameters. zlib itself, not a port of it: compressed data has to be the
//! same bytes that the reference engine makes, and programs set memory level and strategy.

use libz_sys as z;
use std::mem::MaybeUninit;

pub const OK: i32 = z::Z_OK;
pub const STREAM_END: i32 = z::Z_STREAM_END;
pub const NEED_DICT: i32 = z::Z_NEED_DICT;
pub const STREAM_ERROR: i32 = z::Z_STREAM_ERROR;
pub const DATA_ERROR: i32 = z::Z_DATA_ERROR;
pub const MEM_ERROR: i32 = z::Z_MEM_ERROR;
pub const BUF_ERROR: i32 = z::Z_BUF_ERROR;
pub const VERSION_ERROR: i32 = z::Z_VERSION_ERROR;
pub const NO_FLUSH: i32 = z::Z_NO_FLUSH;
pub const FINISH: i32 = z::Z_FINISH;

unsafe extern "C" {
    /// Missing from the bindings; in zlib since 1.2.7.1.
    fn inflateGetDictionary(
        stream: z::z_streamp,
        dictionary: *mut z::Bytef,
        length: *mut z::uInt,
    ) -> libc::c_int;
}

/// Bytes of the largest dictionary.
const MAX_DICTIONARY: usize = 32768;

/// What a stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Deflate,
    Inflate,
}

/// An initialised stream. Boxed: zlib keeps its address.
pub struct ZStream {
    raw: Box<z::z_stream>,
    pub mode: Mode,
}

// SAFETY: zlib keeps no state per thread.
unsafe impl Send for ZStream {}

impl std::fmt::Debug for ZStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ZStream({:?})", self.mode)
    }
}

/// Result of one step: zlib's code, bytes consumed, bytes produced.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub code: i32,
    pub consumed: usize,
    pub produced: usize,
}

fn blank() -> Box<z::z_stream> {
    unsafe extern "C" fn allocate(_: z::voidpf, items: z::uInt, size: z::uInt) -> z::voidpf {
        // SAFETY: calloc checks the product.
        unsafe { libc::calloc(items as usize, size as usize) }
    }
    unsafe extern "C" fn free(_: z::voidpf, address: z::voidpf) {
        // SAFETY: came from `allocate`.
        unsafe { libc::free(address) }
    }
    let mut raw = Box::new(MaybeUninit::<z::z_stream>::zeroed());
    // SAFETY: the two functions are written in place, so that the struct is valid (its function pointers are
    // not nullable) before it counts as initialised; everything else may be zero.
    unsafe {
        let s = raw.as_mut_ptr();
        (&raw mut (*s).zalloc).write(allocate);
        (&raw mut (*s).zfree).write(free);
        Box::from_raw(Box::into_raw(raw).cast())
    }
}

const STRUCT_SIZE: i32 = size_of::<z::z_stream>() as i32;

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl ZStream {
    /// `deflateInit2`.
    pub fn deflate(
        level: i32,
        method: i32,
        window_bits: i32,
        mem_level: i32,
        strategy: i32,
    ) -> Result<ZStream, i32> {
        let mut raw = blank();
        // SAFETY: the stream is blank; the version is that of the library itself.
        let code = unsafe {
            z::deflateInit2_(
                &mut *raw,
                level,
                method,
                window_bits,
                mem_level,
                strategy,
                z::zlibVersion(),
                STRUCT_SIZE,
            )
        };
        ZStream::made(raw, Mode::Deflate, code)
    }

    /// `inflateInit2`.
    pub fn inflate(window_bits: i32) -> Result<ZStream, i32> {
        let mut raw = blank();
        // SAFETY: as above.
        let code =
            unsafe { z::inflateInit2_(&mut *raw, window_bits, z::zlibVersion(), STRUCT_SIZE) };
        ZStream::made(raw, Mode::Inflate, code)
    }

    fn made(raw: Box<z::z_stream>, mode: Mode, code: i32) -> Result<ZStream, i32> {
        if code == OK {
            Ok(ZStream { raw, mode })
        } else {
            Err(code)
        }
    }

    /// Works on `input` and writes to `output`.
    pub fn step(&mut self, input: &[u8], output: &mut [u8], flush: i32) -> Step {
        let (input_size, output_size) = (clamp(input.len()), clamp(output.len()));
        self.raw.next_in = input.as_ptr().cast_mut();
        self.raw.avail_in = input_size;
        self.raw.next_out = output.as_mut_ptr();
        self.raw.avail_out = output_size;
        // SAFETY: the stream is initialised for this mode; zlib reads `avail_in` bytes and writes
        // `avail_out`, which both slices have.
        let code = unsafe {
            match self.mode {
                Mode::Deflate => z::deflate(&mut *self.raw, flush),
                Mode::Inflate => z::inflate(&mut *self.raw, flush),
            }
        };
        let step = Step {
            code,
            consumed: (input_size - self.raw.avail_in) as usize,
            produced: (output_size - self.raw.avail_out) as usize,
        };
        self.forget_buffers();
        step
    }

    /// No pointer to a caller's buffer stays behind.
    fn forget_buffers(&mut self) {
        self.raw.next_in = std::ptr::null_mut();
        self.raw.avail_in = 0;
        self.raw.next_out = std::ptr::null_mut();
        self.raw.avail_out = 0;
    }

    pub fn reset(&mut self) -> i32 {
        // SAFETY: initialised for this mode.
        unsafe {
            match self.mode {
                Mode::Deflate => z::deflateReset(&mut *self.raw),
                Mode::Inflate => z::inflateReset(&mut *self.raw),
            }
        }
    }

    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> i32 {
        let (p, n) = (dictionary.as_ptr(), clamp(dictionary.len()));
        // SAFETY: initialised for this mode; zlib copies the bytes.
        unsafe {
            match self.mode {
                Mode::Deflate => z::deflateSetDictionary(&mut *self.raw, p, n),
                Mode::Inflate => z::inflateSetDictionary(&mut *self.raw, p, n),
            }
        }
    }

    /// The dictionary of an inflating stream.
    pub fn dictionary(&mut self) -> Result<Vec<u8>, i32> {
        if self.mode != Mode::Inflate {
            return Err(STREAM_ERROR);
        }
        let mut out = vec![0; MAX_DICTIONARY];
        let mut n: z::uInt = 0;
        // SAFETY: zlib writes at most a window, 32 KiB.
        let code = unsafe { inflateGetDictionary(&mut *self.raw, out.as_mut_ptr(), &mut n) };
        if code < 0 {
            return Err(code);
        }
        out.truncate(n as usize);
        Ok(out)
    }

    /// `deflateParams`, with nowhere to put output: fails when some would come.
    pub fn params(&mut self, level: i32, strategy: i32) -> i32 {
        if self.mode != Mode::Deflate {
            return STREAM_ERROR;
        }
        let mut dummy = 0u8;
        self.raw.next_out = &mut dummy;
        self.raw.avail_out = 1;
        // SAFETY: initialised; there is one byte of room and no input.
        let code = unsafe { z::deflateParams(&mut *self.raw, level, strategy) };
        let full = self.raw.avail_out == 0;
        self.forget_buffers();
        if full { STREAM_ERROR } else { code }
    }

    /// The checksum so far.
    pub fn adler(&self) -> u64 {
        #[allow(clippy::useless_conversion)]
        u64::from(self.raw.adler)
    }

    /// Ends the stream and tells what zlib says of it.
    pub fn end(mut self) -> i32 {
        let code = self.finish();
        std::mem::forget(self);
        code
    }

    fn finish(&mut self) -> i32 {
        // SAFETY: initialised for this mode; not used afterwards.
        unsafe {
            match self.mode {
                Mode::Deflate => z::deflateEnd(&mut *self.raw),
                Mode::Inflate => z::inflateEnd(&mut *self.raw),
            }
        }
    }
}

impl Drop for ZStream {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Adler-32 of `bytes`, starting at 0.
pub fn adler32(bytes: &[u8]) -> u64 {
    // SAFETY: reads `len` bytes.
    let sum = unsafe { z::adler32(0, bytes.as_ptr(), clamp(bytes.len())) };
    #[allow(clippy::useless_conversion)]
    u64::from(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_with_a_dictionary() {
        let text = b"the quick brown fox ".repeat(50);
        let mut d = ZStream::deflate(9, 8, 15, 8, 0).unwrap();
        assert_eq!(d.set_dictionary(b"quick brown"), OK);
        let mut packed = vec![0; 1000];
        let step = d.step(&text, &mut packed, z::Z_FINISH);
        assert_eq!((step.code, step.consumed), (STREAM_END, text.len()));
        let mut i = ZStream::inflate(15).unwrap();
        let mut out = vec![0; 2000];
        assert_eq!(
            i.step(&packed[..step.produced], &mut out, 0).code,
            NEED_DICT
        );
        assert_eq!(i.set_dictionary(b"quick brown"), OK);
        // The header was consumed: two bytes, four of checksum.
        let s = i.step(&packed[6..step.produced], &mut out, 0);
        assert_eq!(&out[..s.produced], text.as_slice());
        assert_eq!(ZStream::deflate(9, 8, 99, 8, 0).err(), Some(STREAM_ERROR));
    }
}
