//! The `fd` driver: descriptors that the node was started with. They are shared with other programs, so their
//! mode is left alone, and they stay open when the port ends.

use super::stream::{self, OutQueue, Read};
use super::{Core, Driver};
use crate::{poll, sys};
use corten_term::PortId;
use std::os::fd::RawFd;

/// `port_control` operation that asks for the size of the window.
const WINDOW_SIZE: u32 = 0x018b_0900 + 100;

pub struct Fd {
    input: Option<RawFd>,
    output: Option<RawFd>,
    queue: OutQueue,
}

impl Fd {
    /// Starts to read.
    pub fn start(port: PortId, input: Option<RawFd>, output: Option<RawFd>) -> Fd {
        if let Some(fd) = input {
            stream::watch_input(port, fd);
        }
        Fd {
            input,
            output,
            queue: OutQueue::default(),
        }
    }

    fn write(&mut self, core: &mut Core) {
        let Some(raw) = self.output else {
            self.queue.clear();
            return;
        };
        let Some(fd) = sys::borrow_fd(raw) else {
            return core.fail(rustix::io::Errno::BADF);
        };
        if let Err(e) = self.queue.write(fd, raw, true) {
            self.queue.clear();
            return core.fail(e);
        }
        if self.queue.size() > 0 {
            stream::watch_output(core.id, raw);
        }
    }
}

impl Driver for Fd {
    fn output(&mut self, core: &mut Core, data: &[u8]) {
        if stream::enqueue(core, &mut self.queue, data) {
            self.write(core);
        }
    }

    fn control(&mut self, _: &mut Core, operation: u32, _: &[u8]) -> Option<Vec<u8>> {
        if operation != WINDOW_SIZE {
            return None;
        }
        let descriptors = [self.output, self.input];
        let size = descriptors
            .into_iter()
            .flatten()
            .filter_map(sys::borrow_fd)
            .find_map(|fd| rustix::termios::tcgetwinsize(fd).ok())?;
        let mut answer = u32::from(size.ws_col).to_ne_bytes().to_vec();
        answer.extend(u32::from(size.ws_row).to_ne_bytes());
        Some(answer)
    }

    fn ready_input(&mut self, core: &mut Core, raw: RawFd) {
        if self.input != Some(raw) || core.ended {
            return;
        }
        let Some(fd) = sys::borrow_fd(raw) else {
            return;
        };
        match stream::read(fd) {
            Read::Data(data) => core.input(&data),
            Read::Nothing => {}
            Read::End => {
                self.input = None;
                return core.eof();
            }
            Read::Failed(e) => {
                self.input = None;
                return core.fail(e);
            }
        }
        stream::watch_input(core.id, raw);
    }

    fn ready_output(&mut self, core: &mut Core, _: RawFd) {
        self.write(core);
    }

    fn pending(&self) -> usize {
        self.queue.size()
    }

    fn stop(&mut self) {
        for fd in [self.input, self.output].into_iter().flatten() {
            poll::forget(fd);
        }
    }
}
