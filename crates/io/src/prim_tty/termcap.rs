//! Capabilities of the terminal by their termcap names, looked up in the terminfo database.

use crate::{args, atoms};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process};
use corten_term::{Binary, Term, am};
use std::sync::Mutex;
use terminfo::Database;
use terminfo::capability::Value;
use terminfo::expand::{Context, Expand, Parameter};

pub(super) static TERMINAL: Mutex<Option<Database>> = Mutex::new(None);

/// Termcap codes (two letters) and the terminfo names (as the `terminfo` crate spells them) behind them.
const NAMES: &[(&str, &str)] = &[
    ("ae", "exit_alt_charset_mode"),
    ("al", "insert_line"),
    ("AL", "parm_insert_line"),
    ("am", "auto_right_margin"),
    ("as", "enter_alt_charset_mode"),
    ("bl", "bell"),
    ("bs", "backspaces_with_bs"),
    ("bc", "backspace_if_not_bs"),
    ("bt", "back_tab"),
    ("bw", "auto_left_margin"),
    ("cb", "clr_bol"),
    ("cd", "clr_eos"),
    ("ce", "clr_eol"),
    ("ch", "column_address"),
    ("cl", "clear_screen"),
    ("cm", "cursor_address"),
    ("co", "columns"),
    ("cr", "carriage_return"),
    ("cs", "change_scroll_region"),
    ("cv", "row_address"),
    ("dc", "delete_character"),
    ("DC", "parm_dch"),
    ("dl", "delete_line"),
    ("DL", "parm_delete_line"),
    ("do", "cursor_down"),
    ("DO", "parm_down_cursor"),
    ("ec", "erase_chars"),
    ("ei", "exit_insert_mode"),
    ("ho", "cursor_home"),
    ("ic", "insert_character"),
    ("IC", "parm_ich"),
    ("im", "enter_insert_mode"),
    ("kb", "key_backspace"),
    ("kd", "key_down"),
    ("kD", "key_dc"),
    ("ke", "keypad_local"),
    ("kh", "key_home"),
    ("kl", "key_left"),
    ("kr", "key_right"),
    ("ks", "keypad_xmit"),
    ("ku", "key_up"),
    ("le", "cursor_left"),
    ("LE", "parm_left_cursor"),
    ("li", "lines"),
    ("md", "enter_bold_mode"),
    ("me", "exit_attribute_mode"),
    ("mi", "move_insert_mode"),
    ("mr", "enter_reverse_mode"),
    ("nd", "cursor_right"),
    ("nw", "newline"),
    ("pt", "has_hardware_tabs"),
    ("rc", "restore_cursor"),
    ("RI", "parm_right_cursor"),
    ("sc", "save_cursor"),
    ("se", "exit_standout_mode"),
    ("sf", "scroll_forward"),
    ("so", "enter_standout_mode"),
    ("sr", "scroll_reverse"),
    ("ta", "tab"),
    ("te", "exit_ca_mode"),
    ("ti", "enter_ca_mode"),
    ("u6", "user6"),
    ("u7", "user7"),
    ("ue", "exit_underline_mode"),
    ("up", "cursor_up"),
    ("UP", "parm_up_cursor"),
    ("us", "enter_underline_mode"),
    ("vb", "flash_screen"),
    ("ve", "cursor_normal"),
    ("vi", "cursor_invisible"),
    ("vs", "cursor_visible"),
    ("xn", "eat_newline_glitch"),
    ("Co", "max_colors"),
];

/// The bytes of a C string in an iolist.
pub(super) fn c_string(t: Term<'_>) -> Option<String> {
    let mut bytes = args::iolist(t)?;
    bytes.truncate(bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()));
    String::from_utf8(bytes).ok()
}

/// The value of a capability; as in termcap, only the first two letters of its name count.
fn value(code: &str) -> Option<Value> {
    let code = code.get(..2)?;
    let (_, name) = NAMES.iter().find(|(c, _)| *c == code)?;
    let terminal = TERMINAL.lock().unwrap_or_else(|e| e.into_inner());
    terminal.as_ref()?.raw(name).cloned()
}

pub fn tgetent<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = c_string(a[0]).badarg()?;
    Ok(match Database::from_name(&name) {
        Ok(found) => {
            *TERMINAL.lock().unwrap_or_else(|e| e.into_inner()) = Some(found);
            Term::OK
        }
        Err(_) => {
            let what = [
                Term::atom(atoms::intern("tgetent")),
                Term::atom(atoms::intern("enoent")),
            ];
            p.heap.tuple(&[Term::atom(am::error), p.heap.tuple(&what)])
        }
    })
}

pub fn tgetnum<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let code = c_string(a[0]).badarg()?;
    Ok(Term::small(match value(&code) {
        Some(Value::Number(n)) => n.into(),
        _ => -1,
    }))
}

pub fn tgetflag<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let code = c_string(a[0]).badarg()?;
    Ok(Term::bool(matches!(value(&code), Some(Value::True))))
}

pub fn tgetstr<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let code = c_string(a[0]).badarg()?;
    Ok(match value(&code) {
        Some(Value::String(s)) => args::ok(p, p.heap.binary(&s)),
        _ => Term::FALSE,
    })
}

/// Fills in parameters: `tgoto(Capability, Column, Line)`. Capabilities of one parameter take the last one
/// given, those of two take line, then column.
pub fn tgoto<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let capability = args::iolist(a[0]).badarg()?;
    let number = |i: usize| match a.get(i) {
        Some(t) => args::int(*t).badarg(),
        None => Ok(0),
    };
    let (column, line) = (number(1)?, number(2)?);
    let end = capability.iter().position(|b| *b == 0);
    let capability = &capability[..end.unwrap_or(capability.len())];
    Ok(match expand(capability, column, line) {
        Some(bytes) => {
            let bytes = Binary::from_bytes(&without_padding(&bytes));
            args::ok(p, args::binary_of(p, bytes))
        }
        None => args::error(p, am::badarg),
    })
}

fn expand(capability: &[u8], column: i32, line: i32) -> Option<Vec<u8>> {
    let two = capability.windows(3).any(|w| w == b"%p2");
    let parameters = if two {
        [line, column]
    } else {
        [column.max(line), 0]
    };
    let parameters = parameters.map(Parameter::Number);
    let mut out = Vec::new();
    capability
        .expand(&mut out, &parameters, &mut Context::default())
        .ok()?;
    Some(out)
}

/// Drops delays (`$<5>`): today's terminals need none.
pub(super) fn without_padding(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(delay) = rest.strip_prefix(b"$<")
            && let Some(end) = delay.iter().position(|b| *b == b'>')
            && delay[..end].iter().all(|b| b"0123456789.*/".contains(b))
        {
            rest = &delay[end + 1..];
            continue;
        }
        out.push(*first);
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_filled_in() {
        assert_eq!(expand(b"\x1b[%p1%dC", 7, 0).unwrap(), b"\x1b[7C");
        assert_eq!(expand(b"\x1b[%i%p1%d;%p2%dH", 4, 9).unwrap(), b"\x1b[10;5H");
        assert_eq!(without_padding(b"a$<5/>b$<c"), b"ab$<c");
    }
}
