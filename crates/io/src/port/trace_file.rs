//! The `trace_file_drv` driver: trace messages to a file, or to a row of files of limited size that wraps around.
//!
//! In OTP it is a library of `runtime_tools`; `dbg` and `fprof` open it by the command that [`start`] reads: `trace_file_drv
//! [w Size Count Time Tail] n Name`. Each message becomes a byte 0, its length in four bytes, and itself. Output is
//! buffered; `port_control` with `f` writes it out.

use super::{Core, Driver};
use crate::poll;
use corten_term::{Atom, PortId};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

const NAME: &str = "trace_file_drv";
/// Bytes that are written at a time.
const BUFFER: usize = 64 << 10;

/// One of a row of files: a number stands in its name, none in the first one's predecessor.
#[derive(Debug, Clone)]
struct Numbered {
    name: String,
    /// Where in the name the number stands.
    tail: usize,
    last: u32,
    number: u32,
}

impl Numbered {
    fn path(&self) -> PathBuf {
        let (before, after) = self.name.split_at(self.tail);
        format!("{before}{}{after}", self.number).into()
    }
    fn advance(&mut self) {
        self.number = if self.number >= self.last {
            0
        } else {
            self.number + 1
        };
    }
}

#[derive(Debug)]
struct Wrap {
    current: Numbered,
    /// The one that goes next.
    oldest: Numbered,
    size: usize,
    /// Files to begin before old ones go.
    left: u32,
    /// Milliseconds after which the next file begins; 0 if its size says when.
    time: u32,
    written: usize,
}

#[derive(Debug)]
struct TraceFile {
    port: PortId,
    file: File,
    buffer: Vec<u8>,
    wrap: Option<Wrap>,
}

/// Starts the driver, if the command names it. An error is why the port cannot be opened.
pub fn start(port: PortId, command: &[u8]) -> Option<Result<Box<dyn Driver>, Atom>> {
    let arguments = command.strip_prefix(NAME.as_bytes())?.strip_prefix(b" ")?;
    let driver = open(port, arguments);
    Some(match driver {
        Ok(driver) => Ok(Box::new(driver)),
        Err(error) => Err(crate::errno::atom(error)),
    })
}

fn open(port: PortId, arguments: &[u8]) -> Result<TraceFile, Errno> {
    let text = std::str::from_utf8(arguments).map_err(|_| Errno::INVAL)?;
    let text = text.trim_start();
    let (wrap, name) = match text.strip_prefix("w ") {
        None => (None, text),
        Some(rest) => {
            let mut numbers = [0u32; 4];
            let mut rest = rest;
            for n in &mut numbers {
                let (word, more) = rest.split_once(' ').ok_or(Errno::INVAL)?;
                *n = word.parse().map_err(|_| Errno::INVAL)?;
                rest = more.trim_start();
            }
            (Some(numbers), rest)
        }
    };
    let name = name.strip_prefix("n ").ok_or(Errno::INVAL)?;
    let wrap = match wrap {
        None => None,
        Some([size, count, time, tail]) => {
            let tail = tail as usize;
            if !name.is_char_boundary(tail) || tail >= name.len() {
                return Err(Errno::INVAL);
            }
            let current = Numbered {
                name: name.to_string(),
                tail,
                last: count,
                number: 0,
            };
            Some(Wrap {
                oldest: current.clone(),
                current,
                size: size as usize,
                left: count,
                time,
                written: 0,
            })
        }
    };
    let path = match &wrap {
        Some(wrap) => wrap.current.path(),
        None => name.into(),
    };
    let file = File::create(path).map_err(errno)?;
    if let Some(time) = wrap.as_ref().map(|w| w.time).filter(|t| *t > 0) {
        set_timer(port, time);
    }
    Ok(TraceFile {
        port,
        file,
        buffer: Vec::with_capacity(BUFFER),
        wrap,
    })
}

/// Calls the driver's `timeout` after a time.
fn set_timer(port: PortId, milliseconds: u32) {
    let expire = move || {
        if let Some(port) = super::find(port) {
            port.with(|core, driver| driver.timeout(core, 0));
        }
    };
    poll::after(Duration::from_millis(milliseconds.into()), Box::new(expire));
}

fn errno(e: io::Error) -> Errno {
    Errno::from_io_error(&e).unwrap_or(Errno::IO)
}

impl TraceFile {
    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn write(&mut self, message: &[u8]) -> io::Result<()> {
        let head = [&[0], (message.len() as u32).to_be_bytes().as_slice()].concat();
        if self.buffer.len() + head.len() + message.len() > BUFFER {
            self.flush()?;
        }
        self.buffer.extend_from_slice(&head);
        self.buffer.extend_from_slice(message);
        if let Some(wrap) = &mut self.wrap {
            wrap.written += head.len() + message.len();
            if wrap.time == 0 && wrap.written >= wrap.size {
                self.next_file()?;
            }
        }
        Ok(())
    }

    fn next_file(&mut self) -> io::Result<()> {
        self.flush()?;
        let Some(wrap) = &mut self.wrap else {
            return Ok(());
        };
        wrap.written = 0;
        wrap.left = wrap.left.saturating_sub(1);
        if wrap.left == 0 {
            // One that is not there need not go.
            let _ = std::fs::remove_file(wrap.oldest.path());
            wrap.oldest.advance();
        }
        wrap.current.advance();
        self.file = File::create(wrap.current.path())?;
        Ok(())
    }
}

impl Driver for TraceFile {
    fn output(&mut self, core: &mut Core, data: &[u8]) {
        if let Err(e) = self.write(data) {
            core.fail(errno(e));
        }
    }
    fn control(&mut self, core: &mut Core, operation: u32, _: &[u8]) -> Option<Vec<u8>> {
        if operation != u32::from(b'f') {
            return None;
        }
        if let Err(e) = self.flush() {
            core.fail(errno(e));
        }
        Some(vec![0])
    }
    fn timeout(&mut self, core: &mut Core, _: u64) {
        if let Err(e) = self.next_file() {
            return core.fail(errno(e));
        }
        if let Some(wrap) = &self.wrap {
            set_timer(self.port, wrap.time);
        }
    }
    fn stop(&mut self) {
        // Nobody is left who could be told.
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_and_start_over() {
        let mut n = Numbered {
            name: "dir/t.log".into(),
            tail: 5,
            last: 2,
            number: 0,
        };
        let mut names = Vec::new();
        for _ in 0..4 {
            names.push(n.path());
            n.advance();
        }
        let expected = ["dir/t0.log", "dir/t1.log", "dir/t2.log", "dir/t0.log"];
        assert_eq!(names, expected.map(PathBuf::from));
    }

    #[test]
    fn refuses_commands_that_say_no_file() {
        let port = PortId::from_data(1);
        assert!(start(port, b"trace_file_drv x").is_some_and(|r| r.is_err()));
        assert!(start(port, b"trace_file_drv w 1 2 n a").is_some_and(|r| r.is_err()));
        assert!(start(port, b"other n a").is_none());
    }
}
