//! The allocator flags `+M…`: checked for form, kept as given, without effect.
//!
//! Corten's allocator is not erts_alloc, but deployments carry these flags in their `vm.args`, so they
//! must be accepted, and a mistyped one must be refused as OTP refuses it. Called by `parse`.

use super::number::leading;

/// What a parameter accepts.
enum Kind {
    Amount,
    AmountOr(&'static str),
    /// An amount of kilobytes or megabytes that must fit a word as bytes.
    Size {
        shift: u32,
    },
    /// 0-100 or `de`.
    Level,
    Bool,
    Name(&'static [&'static str]),
    Any,
}

const FITS: &[&str] = &[
    "bf",
    "aobf",
    "gf",
    "af",
    "aoff",
    "aoffcbf",
    "aoffcaobf",
    "ageffcaoff",
    "ageffcbf",
    "ageffcaobf",
];
const KB: Kind = Kind::Size { shift: 10 };
const MB: Kind = Kind::Size { shift: 20 };

/// Parameters of every single allocator, after its letter.
const OF_AN_ALLOCATOR: &[(&str, Kind)] = &[
    ("acul", Kind::Level),
    ("acnl", Kind::Amount),
    ("acfml", Kind::Amount),
    ("acful", Kind::Level),
    ("asbcst", KB),
    ("as", Kind::Name(FITS)),
    ("atags", Kind::Name(&["true", "false", "code"])),
    (
        "cp",
        Kind::Name(&["B", "D", "E", "F", "H", "L", "R", "S", "@", ":"]),
    ),
    ("e", Kind::Bool),
    ("lmbcs", KB),
    ("mbcgs", Kind::Amount),
    ("mbsd", Kind::Amount),
    ("mmbcs", KB),
    ("mmmbc", Kind::Amount),
    ("mmsbc", Kind::Amount),
    ("rsbcmt", Kind::Amount),
    ("rsbcst", Kind::Amount),
    ("rmbcmt", Kind::Amount),
    ("ramv", Kind::Bool),
    ("sbct", KB),
    ("smbcs", KB),
    ("t", Kind::Bool),
];

/// Parameters of the system as a whole, with their full name.
const OF_THE_SYSTEM: &[(&str, Kind)] = &[
    ("Iscs", MB),
    ("Mamcbf", KB),
    ("Mrmcbf", Kind::Amount),
    ("Mmcs", Kind::Amount),
    ("Mscs", MB),
    ("Mscrpm", Kind::Bool),
    ("Mscrfsd", Kind::Amount),
    ("Msco", Kind::Bool),
    ("Mlp", Kind::Name(&["on", "off"])),
    ("Ytt", Kind::Amount),
    ("Ytp", Kind::Amount),
    ("Ym", Kind::Any),
    ("Ye", Kind::Name(&["true"])),
    ("ea", Kind::Name(&["min", "max", "r9c", "r10b", "r11b"])),
    ("lpm", Kind::Name(&["all", "no"])),
    ("dai", Kind::AmountOr("max")),
    ("uycs", KB),
    ("ummc", Kind::Amount),
    ("usac", Kind::Bool),
];

/// Checks `-M<param>` (given without the dash) and its value; returns (name, value, whether `next` was used).
pub fn parse(param: &str, next: Option<&str>) -> Result<(String, String, bool), String> {
    let (name, kind) = find(param)?;
    let glued = &param[name.len()..];
    let (value, took_next) = match next {
        _ if !glued.is_empty() => (glued, false),
        Some(next) if next != "--" => (next, true),
        _ => ("", false),
    };
    // The allocator for short-lived data of a call cannot be turned off.
    let refused = name == "MTe" && value == "false";
    if accepts(kind, value) && !refused {
        Ok((name.into(), value.into(), took_next))
    } else if name == "Mea" {
        Err(format!("bad \"{name}\" parameter"))
    } else {
        // OTP is one letter short here.
        let shown = name
            .strip_suffix('s')
            .filter(|_| name.len() == 4 && name.ends_with("as"))
            .unwrap_or(name);
        Err(format!("bad \"{shown}\" value: {value}"))
    }
}

fn find(param: &str) -> Result<(&str, &'static Kind), String> {
    let switch = &param[1..];
    let longest = |table: &'static [(&'static str, Kind)], text: &str| {
        table
            .iter()
            .filter(|(n, _)| text.starts_with(n))
            .max_by_key(|(n, _)| n.len())
    };
    if let Some((n, kind)) = longest(OF_THE_SYSTEM, switch) {
        return Ok((&param[..=n.len()], kind));
    }
    let letter_ends = match switch.as_bytes().first() {
        Some(b'B' | b'D' | b'E' | b'F' | b'H' | b'I' | b'L' | b'R' | b'S' | b'T' | b'Z' | b'u') => {
            2
        }
        // OTP names the parameter up to where it stopped understanding it.
        Some(b'M' | b'Y') => return Err(format!("bad \"{}\" parameter", &param[..2])),
        _ => return Err("bad \"M\" parameter".into()),
    };
    match longest(OF_AN_ALLOCATOR, &param[letter_ends..]) {
        Some((n, kind)) => Ok((&param[..letter_ends + n.len()], kind)),
        None => Err(format!("bad \"{}\" parameter", &param[..letter_ends])),
    }
}

fn accepts(kind: &Kind, value: &str) -> bool {
    let amount = || leading(value).and_then(|(n, _)| u64::try_from(n).ok());
    match kind {
        Kind::Amount => amount().is_some(),
        Kind::AmountOr(name) => value == *name || amount().is_some(),
        Kind::Size { shift } => amount().is_some_and(|n| n <= u64::MAX >> shift),
        Kind::Level => value == "de" || amount().is_some_and(|n| n <= 100),
        Kind::Bool => matches!(value, "true" | "false"),
        Kind::Name(names) => names.contains(&value),
        Kind::Any => !value.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_and_refuses_as_otp() {
        assert_eq!(
            parse("MBas", Some("aobf")),
            Ok(("MBas".into(), "aobf".into(), true))
        );
        assert_eq!(
            parse("MHsbct512", None),
            Ok(("MHsbct".into(), "512".into(), false))
        );
        assert_eq!(
            parse("Mea", Some("max")),
            Ok(("Mea".into(), "max".into(), true))
        );
        assert_eq!(parse("Mzz", None), Err("bad \"M\" parameter".into()));
        assert_eq!(
            parse("MBe", Some("maybe")),
            Err("bad \"MBe\" value: maybe".into())
        );
        assert_eq!(
            parse("MBsbct", Some("--")),
            Err("bad \"MBsbct\" value: ".into())
        );
    }
}
