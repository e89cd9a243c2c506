//! The compressed wrapper: zlib streams around the encoded term.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What the wrapper adds: its tag and the size of what is inside.
const HEADER: usize = 5;
/// First piece that inflating asks room for; the next are as large as what is there.
const FIRST_PIECE: usize = 1 << 16;

/// The zlib stream of `bytes`, unless it takes as much room, wrapper included.
pub fn deflate(bytes: &[u8], level: u32) -> Option<Vec<u8>> {
    let room = bytes.len().checked_sub(HEADER)?;
    let mut out = vec![0; room];
    let mut stream = Compress::new(Compression::new(level), true);
    match stream.compress(bytes, &mut out, FlushCompress::Finish) {
        Ok(Status::StreamEnd) => {
            out.truncate(usize::try_from(stream.total_out()).ok()?);
            Some(out)
        }
        _ => None,
    }
}

/// Inflates a stream that must give exactly `size` bytes; also says how long the stream was. Room is taken
/// as the bytes come, not as `size` promises.
pub fn inflate(bytes: &[u8], size: usize) -> Option<(Vec<u8>, usize)> {
    let mut out: Vec<u8> = Vec::new();
    let mut stream = Decompress::new(true);
    loop {
        let used = usize::try_from(stream.total_in()).ok()?;
        let before = (used, out.len());
        let status = if out.len() < size {
            let piece = out.len().max(FIRST_PIECE).min(size - out.len());
            let full = out.len() + piece;
            if out.capacity() < full {
                out.try_reserve_exact(piece).ok()?;
            }
            stream.decompress_vec(bytes.get(used..)?, &mut out, FlushDecompress::None)
        } else {
            // All is there: what is left must be the end of the stream.
            let mut excess = [0; 1];
            let end = stream.decompress(bytes.get(used..)?, &mut excess, FlushDecompress::None);
            if stream.total_out() != size as u64 {
                return None;
            }
            end
        };
        let used = usize::try_from(stream.total_in()).ok()?;
        if out.len() > size {
            return None;
        }
        match status.ok()? {
            Status::StreamEnd if out.len() == size => return Some((out, used)),
            Status::StreamEnd => return None,
            _ if (used, out.len()) == before => return None,
            _ => {}
        }
    }
}
