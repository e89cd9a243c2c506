//! Streams and dictionaries of Zstandard with all of its parameters. The C library itself: compressed data has to be the same
//! bytes that the reference engine makes, and programs set every parameter and read headers of frames.

use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::Arc;
use zstd_sys as z;

pub use z::ZSTD_cParameter as Parameter;

/// What the library says went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error(pub &'static str);

/// A count, or an error.
fn checked(code: usize) -> Result<usize, Error> {
    // SAFETY: these look at the number only; names are static strings.
    unsafe {
        if z::ZSTD_isError(code) == 0 {
            return Ok(code);
        }
        let name = CStr::from_ptr(z::ZSTD_getErrorName(code));
        Err(Error(name.to_str().unwrap_or("Unspecified error code")))
    }
}

/// Result of one step: bytes consumed and produced, and zero at the end of a frame.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    pub left: usize,
    pub consumed: usize,
    pub produced: usize,
}

/// What is to be done with what the library holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    Continue,
    Flush,
    End,
}

/// Sizes of output buffers, for compressing and for decompressing, that the library recommends.
pub fn output_sizes() -> (usize, usize) {
    // SAFETY: constants.
    unsafe { (z::ZSTD_CStreamOutSize(), z::ZSTD_DStreamOutSize()) }
}

macro_rules! owned {
    ($(#[$doc:meta])* $name:ident, $raw:ty, $free:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(NonNull<$raw>);
        // SAFETY: the library keeps no state per thread.
        unsafe impl Send for $name {}
        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: made by the library, and not used afterwards.
                unsafe { z::$free(self.0.as_ptr()) };
            }
        }
    };
}

owned!(
    /// A dictionary prepared for compressing.
    CompressDictionary, z::ZSTD_CDict, ZSTD_freeCDict
);
// SAFETY: read-only once it is made.
unsafe impl Sync for CompressDictionary {}
owned!(
    /// A dictionary prepared for decompressing.
    DecompressDictionary, z::ZSTD_DDict, ZSTD_freeDDict
);
// SAFETY: as above.
unsafe impl Sync for DecompressDictionary {}
owned!(CompressContext, z::ZSTD_CCtx, ZSTD_freeCCtx);
owned!(DecompressContext, z::ZSTD_DCtx, ZSTD_freeDCtx);

impl CompressDictionary {
    pub fn new(bytes: &[u8], level: i32) -> Option<CompressDictionary> {
        // SAFETY: the library copies the bytes.
        let raw = unsafe { z::ZSTD_createCDict(bytes.as_ptr().cast(), bytes.len(), level) };
        NonNull::new(raw).map(CompressDictionary)
    }
    pub fn id(&self) -> u32 {
        // SAFETY: ours.
        unsafe { z::ZSTD_getDictID_fromCDict(self.0.as_ptr()) }
    }
}

impl DecompressDictionary {
    pub fn new(bytes: &[u8]) -> Option<DecompressDictionary> {
        // SAFETY: the library copies the bytes.
        let raw = unsafe { z::ZSTD_createDDict(bytes.as_ptr().cast(), bytes.len()) };
        NonNull::new(raw).map(DecompressDictionary)
    }
    pub fn id(&self) -> u32 {
        // SAFETY: ours.
        unsafe { z::ZSTD_getDictID_fromDDict(self.0.as_ptr()) }
    }
}

fn buffers(input: &[u8], out: &mut [u8]) -> (z::ZSTD_inBuffer, z::ZSTD_outBuffer) {
    let input = z::ZSTD_inBuffer {
        src: input.as_ptr().cast(),
        size: input.len(),
        pos: 0,
    };
    let output = z::ZSTD_outBuffer {
        dst: out.as_mut_ptr().cast(),
        size: out.len(),
        pos: 0,
    };
    (input, output)
}

/// A compressing stream.
#[derive(Debug)]
pub struct Compressor {
    context: CompressContext,
    /// What the context refers to.
    dictionary: Option<Arc<CompressDictionary>>,
}

impl Compressor {
    pub fn new() -> Option<Compressor> {
        // SAFETY: null if there is no memory.
        let raw = unsafe { z::ZSTD_createCCtx() };
        Some(Compressor {
            context: CompressContext(NonNull::new(raw)?),
            dictionary: None,
        })
    }
    fn raw(&self) -> *mut z::ZSTD_CCtx {
        self.context.0.as_ptr()
    }
    pub fn set(&mut self, parameter: Parameter, value: i32) -> Result<(), Error> {
        // SAFETY: the context is ours.
        checked(unsafe { z::ZSTD_CCtx_setParameter(self.raw(), parameter, value) }).map(drop)
    }
    pub fn get(&self, parameter: Parameter) -> Result<i32, Error> {
        let mut value = 0;
        // SAFETY: as above; `value` is written to.
        checked(unsafe { z::ZSTD_CCtx_getParameter(self.raw(), parameter, &mut value) })?;
        Ok(value)
    }
    /// The size of what is going to be compressed.
    pub fn pledge(&mut self, size: u64) -> Result<(), Error> {
        // SAFETY: the context is ours.
        checked(unsafe { z::ZSTD_CCtx_setPledgedSrcSize(self.raw(), size) }).map(drop)
    }
    pub fn load_dictionary(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let (at, len) = (bytes.as_ptr().cast(), bytes.len());
        // SAFETY: the library copies the bytes.
        checked(unsafe { z::ZSTD_CCtx_loadDictionary(self.raw(), at, len) })?;
        self.dictionary = None;
        Ok(())
    }
    pub fn use_dictionary(&mut self, dictionary: Arc<CompressDictionary>) -> Result<(), Error> {
        // SAFETY: the dictionary lives as long as the context refers to it.
        checked(unsafe { z::ZSTD_CCtx_refCDict(self.raw(), dictionary.0.as_ptr()) })?;
        self.dictionary = Some(dictionary);
        Ok(())
    }
    pub fn step(
        &mut self,
        input: &[u8],
        out: &mut [u8],
        directive: Directive,
    ) -> Result<Step, Error> {
        let end = match directive {
            Directive::Continue => z::ZSTD_EndDirective::ZSTD_e_continue,
            Directive::Flush => z::ZSTD_EndDirective::ZSTD_e_flush,
            Directive::End => z::ZSTD_EndDirective::ZSTD_e_end,
        };
        let (mut input, mut output) = buffers(input, out);
        // SAFETY: both buffers are as large as they say; a context is not used after an error before it is reset.
        let left =
            checked(unsafe { z::ZSTD_compressStream2(self.raw(), &mut output, &mut input, end) })
                .inspect_err(|_| self.reset())?;
        Ok(Step {
            left,
            consumed: input.pos,
            produced: output.pos,
        })
    }
    /// Forgets the frame that was begun; parameters and dictionary stay.
    pub fn reset(&self) {
        let session = z::ZSTD_ResetDirective::ZSTD_reset_session_only;
        // SAFETY: the context is ours; this never fails.
        unsafe { z::ZSTD_CCtx_reset(self.raw(), session) };
    }
}

/// A decompressing stream.
#[derive(Debug)]
pub struct Decompressor {
    context: DecompressContext,
    dictionary: Option<Arc<DecompressDictionary>>,
}

impl Decompressor {
    pub fn new() -> Option<Decompressor> {
        // SAFETY: null if there is no memory.
        let raw = unsafe { z::ZSTD_createDCtx() };
        Some(Decompressor {
            context: DecompressContext(NonNull::new(raw)?),
            dictionary: None,
        })
    }
    fn raw(&self) -> *mut z::ZSTD_DCtx {
        self.context.0.as_ptr()
    }
    pub fn set_window_log_max(&mut self, value: i32) -> Result<(), Error> {
        let parameter = z::ZSTD_dParameter::ZSTD_d_windowLogMax;
        // SAFETY: the context is ours.
        checked(unsafe { z::ZSTD_DCtx_setParameter(self.raw(), parameter, value) }).map(drop)
    }
    pub fn window_log_max(&self) -> Result<i32, Error> {
        let (parameter, mut value) = (z::ZSTD_dParameter::ZSTD_d_windowLogMax, 0);
        // SAFETY: as above; `value` is written to.
        checked(unsafe { z::ZSTD_DCtx_getParameter(self.raw(), parameter, &mut value) })?;
        Ok(value)
    }
    pub fn load_dictionary(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let (at, len) = (bytes.as_ptr().cast(), bytes.len());
        // SAFETY: the library copies the bytes.
        checked(unsafe { z::ZSTD_DCtx_loadDictionary(self.raw(), at, len) })?;
        self.dictionary = None;
        Ok(())
    }
    pub fn use_dictionary(&mut self, dictionary: Arc<DecompressDictionary>) -> Result<(), Error> {
        // SAFETY: the dictionary lives as long as the context refers to it.
        checked(unsafe { z::ZSTD_DCtx_refDDict(self.raw(), dictionary.0.as_ptr()) })?;
        self.dictionary = Some(dictionary);
        Ok(())
    }
    pub fn step(&mut self, input: &[u8], out: &mut [u8]) -> Result<Step, Error> {
        let (mut input, mut output) = buffers(input, out);
        // SAFETY: both buffers are as large as they say; a context is not used after an error before it is reset.
        let left =
            checked(unsafe { z::ZSTD_decompressStream(self.raw(), &mut output, &mut input) })
                .inspect_err(|_| self.reset())?;
        Ok(Step {
            left,
            consumed: input.pos,
            produced: output.pos,
        })
    }
    pub fn reset(&self) {
        let session = z::ZSTD_ResetDirective::ZSTD_reset_session_only;
        // SAFETY: the context is ours; this never fails.
        unsafe { z::ZSTD_DCtx_reset(self.raw(), session) };
    }
}

/// What the header of a frame says.
#[derive(Debug, Clone, Copy)]
pub struct FrameHeader {
    /// None: not said.
    pub content_size: Option<u64>,
    pub window_size: u64,
    pub block_size_max: u32,
    pub skippable: bool,
    pub header_size: u32,
    pub dictionary: u32,
    pub checksum: bool,
}

/// `ZSTD_CONTENTSIZE_UNKNOWN`.
const UNKNOWN: u64 = u64::MAX;

/// None: the header is longer than the bytes.
pub fn frame_header(frame: &[u8]) -> Result<Option<FrameHeader>, Error> {
    let mut h = z::ZSTD_FrameHeader {
        frameContentSize: 0,
        windowSize: 0,
        blockSizeMax: 0,
        frameType: z::ZSTD_FrameType_e::ZSTD_frame,
        headerSize: 0,
        dictID: 0,
        checksumFlag: 0,
        _reserved1: 0,
        _reserved2: 0,
    };
    // SAFETY: the slice is as long as it says; the header is written to.
    let missing =
        checked(unsafe { z::ZSTD_getFrameHeader(&mut h, frame.as_ptr().cast(), frame.len()) })?;
    if missing > 0 {
        return Ok(None);
    }
    Ok(Some(FrameHeader {
        content_size: Some(h.frameContentSize).filter(|n| *n != UNKNOWN),
        window_size: h.windowSize,
        block_size_max: h.blockSizeMax,
        skippable: h.frameType == z::ZSTD_FrameType_e::ZSTD_skippableFrame,
        header_size: h.headerSize,
        dictionary: h.dictID,
        checksum: h.checksumFlag != 0,
    }))
}

/// The number of a dictionary, zero if it has none.
pub fn dictionary_id(bytes: &[u8]) -> u32 {
    // SAFETY: the slice is as long as it says.
    unsafe { z::ZSTD_getDictID_fromDict(bytes.as_ptr().cast(), bytes.len()) }
}

/// The number of the dictionary that a frame wants.
pub fn frame_dictionary_id(frame: &[u8]) -> u32 {
    // SAFETY: the slice is as long as it says.
    unsafe { z::ZSTD_getDictID_fromFrame(frame.as_ptr().cast(), frame.len()) }
}
