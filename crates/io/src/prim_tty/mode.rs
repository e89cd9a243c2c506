//! The line discipline that the shell asks for: canonical input, echo, signals from keys.

use super::flag;
use crate::atoms::intern;
use corten_term::Term;
use rustix::termios::{InputModes, LocalModes, OutputModes, SpecialCodeIndex, Termios};

/// What to change; `None` leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    canonical: Option<bool>,
    echo: Option<bool>,
    signals: Option<bool>,
}

impl Options {
    pub fn of(map: Term<'_>) -> Option<Options> {
        map.is_map().then(|| Options {
            canonical: flag(map, intern("canon")),
            echo: flag(map, intern("echo")),
            signals: flag(map, intern("sig")),
        })
    }

    /// The mode with these changes.
    pub fn apply(self, found: &Termios) -> Termios {
        let mut m = found.clone();
        m.input_modes.remove(InputModes::ISTRIP);
        if let Some(on) = self.canonical {
            m.input_modes.set(InputModes::ICRNL, on);
            m.local_modes.set(LocalModes::ICANON, on);
            m.output_modes.set(OutputModes::OPOST, on);
            if !on {
                m.special_codes[SpecialCodeIndex::VMIN] = 1;
                m.special_codes[SpecialCodeIndex::VTIME] = 0;
            }
        }
        if let Some(on) = self.echo {
            m.local_modes.set(LocalModes::ECHO, on);
        }
        if let Some(on) = self.signals {
            let input = InputModes::BRKINT
                | InputModes::IGNPAR
                | InputModes::ICRNL
                | InputModes::IXON
                | InputModes::IXANY;
            m.input_modes.set(input, on);
            m.local_modes.set(LocalModes::ISIG | LocalModes::IEXTEN, on);
        }
        m
    }
}

/// The mode of a shell that edits its lines itself: keys as they are typed, nothing shown, output as it is.
pub fn raw(found: &Termios) -> Termios {
    let options = Options {
        canonical: Some(false),
        echo: Some(false),
        signals: None,
    };
    options.apply(found)
}

pub fn is_raw(mode: &Termios) -> bool {
    !mode.local_modes.contains(LocalModes::ICANON)
}
