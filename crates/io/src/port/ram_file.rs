//! The `ram_file_drv` driver: a file in memory, as `ram_file` drives it.
//!
//! Requests come as data, each answered by one message: a code and what belongs to it. Reads and writes move one
//! position.

use super::{Core, Driver};
use corten_term::PortId;
use rustix::io::Errno;

mod request {
    pub const OPEN: u8 = 1;
    pub const READ: u8 = 2;
    pub const LSEEK: u8 = 3;
    pub const WRITE: u8 = 4;
    pub const FSYNC: u8 = 9;
    pub const TRUNCATE: u8 = 14;
    pub const PREAD: u8 = 17;
    pub const PWRITE: u8 = 18;
    pub const FDATASYNC: u8 = 19;
    pub const GET: u8 = 30;
    pub const COMPRESS: u8 = 33;
    pub const UNCOMPRESS: u8 = 34;
    pub const SIZE: u8 = 37;
    pub const ADVISE: u8 = 38;
    pub const ALLOCATE: u8 = 39;
}

const MODE_READ: u32 = 1;
const MODE_WRITE: u32 = 2;

/// Most bytes that a file may have.
const MAX: usize = i32::MAX as usize;

/// What a request is answered with.
#[derive(Debug, PartialEq, Eq)]
enum Response {
    Ok,
    Number(u32),
    Data(Vec<u8>),
}

type Outcome = Result<Response, Errno>;

/// Sends an answer: a code and a number or a name as list elements, then data, if there is any.
fn answer(core: &mut Core, outcome: Outcome) {
    let numbered = |code: u8, n: u32| [&[code], n.to_be_bytes().as_slice()].concat();
    match outcome {
        Ok(Response::Ok) => core.deliver_with_header(&[0], None),
        Err(e) => {
            let name = [&[1], crate::errno::text(e).as_bytes()].concat();
            core.deliver_with_header(&name, None);
        }
        Ok(Response::Data(d)) => {
            core.deliver_with_header(&numbered(2, d.len() as u32), Some(&d));
        }
        Ok(Response::Number(n)) => core.deliver_with_header(&numbered(3, n), None),
    }
}

#[derive(Debug, Default)]
struct RamFile {
    mode: u32,
    bytes: Vec<u8>,
    position: usize,
}

pub fn start(_: PortId) -> Box<dyn Driver> {
    Box::new(RamFile::default())
}

fn number(data: &[u8], at: usize) -> Result<i32, Errno> {
    let bytes = data.get(at..at + 4).and_then(|b| b.try_into().ok());
    bytes.map(i32::from_be_bytes).ok_or(Errno::INVAL)
}

fn natural(data: &[u8], at: usize) -> Result<usize, Errno> {
    usize::try_from(number(data, at)?).map_err(|_| Errno::INVAL)
}

impl RamFile {
    fn request(&mut self, data: &[u8]) -> Outcome {
        let (&request, arguments) = data.split_first().ok_or(Errno::INVAL)?;
        match request {
            request::OPEN => self.open(arguments),
            request::READ => {
                let n = natural(arguments, 0)?;
                let at = self.position;
                let read = self.read(at, n)?;
                self.position += read.len();
                Ok(Response::Data(read))
            }
            request::PREAD => {
                let (at, n) = (natural(arguments, 0)?, natural(arguments, 4)?);
                self.read(at, n).map(Response::Data)
            }
            request::WRITE => {
                let n = self.write(self.position, arguments)?;
                self.position += n;
                Ok(Response::Number(n as u32))
            }
            request::PWRITE => {
                let at = natural(arguments, 0)?;
                let n = self.write(at, &arguments[4..])?;
                Ok(Response::Number(n as u32))
            }
            request::LSEEK => self.seek(number(arguments, 0)?, number(arguments, 4)?),
            request::TRUNCATE => {
                self.check(MODE_WRITE).map_err(|_| Errno::ACCESS)?;
                self.bytes.resize(self.position, 0);
                Ok(Response::Ok)
            }
            request::GET => Ok(Response::Data(self.bytes.clone())),
            request::SIZE => Ok(Response::Number(self.bytes.len() as u32)),
            request::COMPRESS => self.compress(),
            request::UNCOMPRESS => self.uncompress(),
            request::FSYNC | request::FDATASYNC | request::ADVISE | request::ALLOCATE => {
                if self.mode == 0 {
                    return Err(Errno::BADF);
                }
                Ok(Response::Ok)
            }
            _ => Err(Errno::INVAL),
        }
    }

    fn check(&self, mode: u32) -> Result<(), Errno> {
        if self.mode & mode == 0 {
            return Err(Errno::BADF);
        }
        Ok(())
    }

    fn open(&mut self, data: &[u8]) -> Outcome {
        self.mode = number(data, 0)? as u32 & (MODE_READ | MODE_WRITE);
        self.bytes = data[4..].to_vec();
        self.position = 0;
        Ok(Response::Number(0))
    }

    fn read(&self, at: usize, n: usize) -> Result<Vec<u8>, Errno> {
        self.check(MODE_READ)?;
        let start = at.min(self.bytes.len());
        let end = at.saturating_add(n).min(self.bytes.len());
        Ok(self.bytes[start..end.max(start)].to_vec())
    }

    fn write(&mut self, at: usize, bytes: &[u8]) -> Result<usize, Errno> {
        self.check(MODE_WRITE)?;
        let end = at.checked_add(bytes.len()).filter(|e| *e <= MAX);
        let end = end.ok_or(Errno::FBIG)?;
        if end > self.bytes.len() {
            self.bytes.resize(end, 0);
        }
        self.bytes[at..end].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn seek(&mut self, offset: i32, whence: i32) -> Outcome {
        self.check(MODE_READ | MODE_WRITE)?;
        let base = match whence {
            0 => 0,
            1 => self.position as i64,
            2 => self.bytes.len() as i64,
            _ => return Err(Errno::INVAL),
        };
        let to = base + i64::from(offset);
        self.position = usize::try_from(to).map_err(|_| Errno::INVAL)?;
        let answer = u32::try_from(to).map_err(|_| Errno::INVAL)?;
        Ok(Response::Number(answer))
    }

    /// Replaces the contents by their gzip form.
    fn compress(&mut self) -> Outcome {
        self.bytes = crate::zlib::gzip(&self.bytes).ok_or(Errno::NOMEM)?;
        self.position = 0;
        Ok(Response::Number(self.bytes.len() as u32))
    }

    /// The reverse; what is not compressed stays as it is.
    fn uncompress(&mut self) -> Outcome {
        if self.bytes.starts_with(&[0x1f, 0x8b]) {
            self.bytes = crate::zlib::gunzip(&self.bytes, MAX).ok_or(Errno::INVAL)?;
        }
        self.position = 0;
        Ok(Response::Number(self.bytes.len() as u32))
    }
}

impl Driver for RamFile {
    fn output(&mut self, core: &mut Core, data: &[u8]) {
        let outcome = self.request(data);
        answer(core, outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_memory() {
        let mut f = RamFile::default();
        let open = [&[request::OPEN, 0, 0, 0, 3], b"hello".as_slice()].concat();
        assert_eq!(f.request(&open), Ok(Response::Number(0)));
        assert_eq!(
            f.request(&[request::READ, 0, 0, 0, 2]),
            Ok(Response::Data(b"he".to_vec()))
        );
        assert_eq!(f.request(b"\x04LL!\0"), Ok(Response::Number(4)));
        assert_eq!(f.bytes, b"heLL!\0");
        assert!(f.request(&[request::COMPRESS]).is_ok());
        assert!(f.bytes.starts_with(&[0x1f, 0x8b]));
        assert_eq!(f.request(&[request::UNCOMPRESS]), Ok(Response::Number(6)));
        assert_eq!(f.request(&[request::READ]), Err(Errno::INVAL));
        assert_eq!(f.request(&[request::PWRITE, 0, 0]), Err(Errno::INVAL));
    }
}
