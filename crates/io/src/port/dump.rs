//! The ports in a crash dump: `=port:` sections. What another thread is busy with tells its number only.

use super::{Inner, table};
use corten_engine::crashdump::Terms;
use std::io::{self, Write};

/// For [`corten_engine::crashdump::add_section`].
pub fn crash_dump(out: &mut dyn Write, _: &mut Terms) -> io::Result<()> {
    for port in table::try_all() {
        writeln!(out, "=port:{:?}", port.id)?;
        let Ok(inner) = port.inner.try_lock() else {
            continue;
        };
        let Inner { core, driver } = &*inner;
        let state = match (core.ended, core.binary) {
            (true, _) => "CLOSING",
            (false, true) => "CONNECTED|BINARY_IO",
            (false, false) => "CONNECTED",
        };
        writeln!(out, "State: {state}\nSlot: {}", port.id.data() << 3)?;
        writeln!(out, "Connected: {:?}", core.connected)?;
        let links: Vec<String> = core
            .links
            .iter()
            .map(|(pid, ())| format!("{pid:?}"))
            .collect();
        if !links.is_empty() {
            writeln!(out, "Links: {}", links.join(" "))?;
        }
        let name = String::from_utf8_lossy(&core.command).into_owned();
        match name.split_once('/') {
            Some((input, output)) if is_number(input) && is_number(output) => {
                writeln!(out, "Port is UNIX fd not opened by emulator: {name}")?;
            }
            _ if core.os_pid.is_some() => writeln!(out, "Port controls external process: {name}")?,
            _ => writeln!(out, "Port controls linked-in driver: {name}")?,
        }
        let pending = driver.as_ref().map_or(0, |d| d.pending());
        writeln!(
            out,
            "Input: {}\nOutput: {}\nQueue: {pending}",
            core.input, core.output
        )?;
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
