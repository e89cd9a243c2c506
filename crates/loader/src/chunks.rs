//! The container of `.beam` files: an IFF form `FOR1`/`BEAM` of named chunks, possibly gzip-compressed,
//! and the checksum over the chunks that make up a module's identity.
//!
//! The loader reads chunks through [`BeamFile`]; so do `erts_internal:beamfile_chunk/2` and
//! `beamfile_module_md5/1`.

use std::borrow::Cow;
use std::io::Read;

use md5::{Digest, Md5};

use crate::error::{LoadError, Table};
use crate::reader::{Reader, Truncated};

/// No decompressed file or literal table may be larger than this.
pub const MAX_INFLATED: usize = 256 << 20;

/// The name of a chunk.
pub type ChunkId = [u8; 4];

/// The chunks of a `.beam` file, in file order.
#[derive(Clone, Debug)]
pub struct BeamFile<'a> {
    chunks: Vec<(ChunkId, &'a [u8])>,
}

impl<'a> BeamFile<'a> {
    /// Finds the chunks of an uncompressed file. Their contents are not looked at.
    pub fn parse(bytes: &'a [u8]) -> Result<BeamFile<'a>, LoadError> {
        let truncated = |_: Truncated| LoadError::CorruptHeader("it ends too early");
        let mut file = Reader::new(bytes);
        if file.bytes(4).map_err(truncated)? != b"FOR1" {
            return Err(LoadError::CorruptHeader("not an IFF file"));
        }
        let size = file.u32().map_err(truncated)?;
        let mut form = Reader::new(file.bytes(size as usize).map_err(truncated)?);
        if form.bytes(4).map_err(truncated)? != b"BEAM" {
            return Err(LoadError::CorruptHeader(
                "not a BEAM file: IFF form type is not 'BEAM'",
            ));
        }
        let mut chunks = Vec::new();
        while !form.is_empty() {
            let id = form.array().map_err(truncated)?;
            let size = form.u32().map_err(truncated)? as usize;
            let content = form.bytes(size).map_err(truncated)?;
            form.bytes(size.wrapping_neg() % 4).map_err(truncated)?;
            chunks.push((id, content));
        }
        Ok(BeamFile { chunks })
    }

    /// The content of the chunk of this name; of the last one if there are several.
    pub fn chunk(&self, id: &ChunkId) -> Option<&'a [u8]> {
        self.chunks
            .iter()
            .rev()
            .find(|(name, _)| name == id)
            .map(|(_, content)| *content)
    }

    /// Every chunk in file order.
    pub fn chunks(&self) -> &[(ChunkId, &'a [u8])] {
        &self.chunks
    }

    /// The module's checksum. Two files with the same checksum hold the same code.
    pub fn md5(&self) -> Result<[u8; 16], LoadError> {
        let mut md5 = Md5::new();
        let atoms = self.chunk(b"AtU8").or_else(|| self.chunk(b"Atom"));
        md5.update(atoms.ok_or(LoadError::Missing(Table::Atoms))?);
        md5.update(self.chunk(b"Code").ok_or(LoadError::Missing(Table::Code))?);
        for id in [b"StrT", b"ImpT", b"ExpT"] {
            md5.update(self.chunk(id).unwrap_or_default());
        }
        digest_lambdas(self.chunk(b"FunT").unwrap_or_default(), &mut md5)?;
        for id in [b"LitT", b"Meta", b"Recs", b"DbgB"] {
            md5.update(self.chunk(id).unwrap_or_default());
        }
        Ok(md5.finalize().into())
    }
}

/// Digests a lambda table as if every `old_uniq` were zero: that field is made from the checksum.
fn digest_lambdas(table: &[u8], md5: &mut Md5) -> Result<(), LoadError> {
    const ENTRY: usize = 24;
    if table.is_empty() {
        return Ok(());
    }
    let corrupt = LoadError::Corrupt(Table::Lambdas, "its size is wrong");
    let (count, entries) = table.split_at_checked(4).ok_or(corrupt.clone())?;
    if entries.len() % ENTRY != 0 {
        return Err(corrupt);
    }
    md5.update(count);
    for entry in entries.chunks_exact(ENTRY) {
        md5.update(&entry[..ENTRY - 4]);
        md5.update([0; 4]);
    }
    Ok(())
}

/// The bytes of a `.beam` file, decompressed if they are gzip data.
pub fn decompress(bytes: &[u8]) -> Result<Cow<'_, [u8]>, LoadError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut out = Vec::new();
    let mut limited = flate2::read::GzDecoder::new(bytes).take(MAX_INFLATED as u64 + 1);
    limited
        .read_to_end(&mut out)
        .map_err(|_| LoadError::CorruptHeader("broken gzip data"))?;
    if out.len() > MAX_INFLATED {
        return Err(LoadError::CorruptHeader(
            "the decompressed file is too large",
        ));
    }
    Ok(Cow::Owned(out))
}

/// Inflates zlib data that must yield exactly `size` bytes.
pub(crate) fn inflate(data: &[u8], size: usize) -> Result<Vec<u8>, &'static str> {
    // Deflate cannot expand a byte to more than 1032: a header that promises more lies, and nothing is
    // allocated for it.
    const MAX_RATIO: usize = 1032;
    if size > MAX_INFLATED || size / MAX_RATIO > data.len() {
        return Err("its decompressed size is not plausible");
    }
    // One byte more than promised, to notice data that is longer.
    let mut out = Vec::with_capacity(size + 1);
    let mut inflater = flate2::Decompress::new(true);
    let status = inflater.decompress_vec(data, &mut out, flate2::FlushDecompress::Finish);
    match status {
        Ok(flate2::Status::StreamEnd) if out.len() == size => Ok(out),
        Ok(_) => Err("its decompressed size is wrong"),
        Err(_) => Err("broken zlib data"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_found_and_padding_is_skipped() {
        let bytes = b"FOR1\0\0\0\x1cBEAMabcd\0\0\0\x05hello\0\0\0efgh\0\0\0\0";
        let file = BeamFile::parse(bytes).unwrap();
        assert_eq!(file.chunk(b"abcd"), Some(&b"hello"[..]));
        assert_eq!(file.chunk(b"efgh"), Some(&b""[..]));
        assert_eq!(file.chunk(b"none"), None);
        assert_eq!(file.md5(), Err(LoadError::Missing(Table::Atoms)));
        for end in 0..bytes.len() {
            assert!(BeamFile::parse(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn inflation_is_bounded() {
        assert!(inflate(&[0x78, 0x9c], usize::MAX).is_err());
        assert!(inflate(&[], 1 << 20).is_err());
        assert!(decompress(&[0x1f, 0x8b, 8, 0]).is_err());
        assert_eq!(decompress(b"FOR1").unwrap().as_ref(), b"FOR1");
    }
}
