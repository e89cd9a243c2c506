//! Lines of HTTP as terms: `{http_request, …}`, `{http_response, …}`, `{http_header, …}`, `http_eoh`,
//! `{http_error, Line}`.

use corten_term::{Atom, Heap, Term, am};

/// Header names that become atoms; their position is the number in the term.
const HEADERS: &[&str] = &[
    "Cache-Control",
    "Connection",
    "Date",
    "Pragma",
    "Transfer-Encoding",
    "Upgrade",
    "Via",
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "From",
    "Host",
    "If-Modified-Since",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Max-Forwards",
    "Proxy-Authorization",
    "Range",
    "Referer",
    "User-Agent",
    "Age",
    "Location",
    "Proxy-Authenticate",
    "Public",
    "Retry-After",
    "Server",
    "Vary",
    "Warning",
    "Www-Authenticate",
    "Allow",
    "Content-Base",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Md5",
    "Content-Range",
    "Content-Type",
    "Etag",
    "Expires",
    "Last-Modified",
    "Accept-Ranges",
    "Set-Cookie",
    "Set-Cookie2",
    "X-Forwarded-For",
    "Cookie",
    "Keep-Alive",
    "Proxy-Connection",
];

/// Methods that become atoms.
const METHODS: &[&str] = &["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE"];

/// Header names up to this long are brought to the usual case.
const NAME_MAX: usize = 50;

/// Characters that end a token.
fn is_special(b: u8) -> bool {
    !(33..128).contains(&b) || b"()<>@,;:\\\"/[]?={} \t".contains(&b)
}

fn is_space(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

/// Builds strings in the form that the socket is set to.
struct Builder<'h> {
    heap: &'h Heap,
    binaries: bool,
}

impl<'h> Builder<'h> {
    fn string(&self, bytes: &[u8]) -> Term<'h> {
        if self.binaries {
            self.heap.binary(bytes)
        } else {
            self.heap.latin1_string(bytes)
        }
    }
    fn tuple(&self, e: &[Term<'h>]) -> Term<'h> {
        self.heap.tuple(e)
    }
    /// The atom of a known word, or the word as a string.
    fn word(&self, known: Option<&str>, bytes: &[u8]) -> Term<'h> {
        match known.and_then(|k| Atom::new(k).ok()) {
            Some(a) => Term::atom(a),
            None => self.string(bytes),
        }
    }
    fn version(&self, (major, minor): (i64, i64)) -> Term<'h> {
        self.tuple(&[Term::small(major), Term::small(minor)])
    }
}

/// One line (with its end) as a term, and whether headers follow. `binaries`: strings as binaries.
pub fn parse<'h>(heap: &'h Heap, line: &[u8], headers: bool, binaries: bool) -> (Term<'h>, bool) {
    let b = Builder { heap, binaries };
    let text = match line {
        [text @ .., b'\r', _] => text,
        [text @ .., b'\n'] => text,
        text => text,
    };
    let parsed = match (headers, text) {
        (true, []) => Some((Term::atom(am::http_eoh), false)),
        (true, text) => header(&b, text).map(|t| (t, true)),
        (false, text) if text.starts_with(b"HTTP/") => response(&b, text).map(|t| (t, true)),
        (false, text) => request(&b, text).map(|t| (t, true)),
    };
    parsed.unwrap_or_else(|| {
        let error = b.tuple(&[Term::atom(am::http_error), b.string(line)]);
        (error, headers)
    })
}

/// Digits in front, and what follows them.
fn digits(text: &[u8]) -> Option<(i64, &[u8])> {
    let n = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let value = text[..n].iter().fold(0i64, |v, b| {
        v.wrapping_mul(10).wrapping_add(i64::from(b - b'0')) & 0xFFFF_FFFF
    });
    (n > 0).then_some((value, &text[n..]))
}

/// `HTTP/Major.Minor`
fn version(text: &[u8]) -> Option<((i64, i64), &[u8])> {
    let (major, rest) = digits(text.strip_prefix(b"HTTP/")?)?;
    let (minor, rest) = digits(rest.strip_prefix(b".")?)?;
    Some(((major, minor), rest))
}

fn skip_spaces(text: &[u8]) -> &[u8] {
    let n = text.iter().take_while(|b| is_space(**b)).count();
    &text[n..]
}

fn response<'h>(b: &Builder<'h>, text: &[u8]) -> Option<Term<'h>> {
    let (version, rest) = version(text)?;
    let after = skip_spaces(rest);
    if after.len() == rest.len() {
        return None;
    }
    let (status, rest) = digits(after).unwrap_or((0, after));
    let phrase = skip_spaces(rest);
    if phrase.len() == rest.len() && !phrase.is_empty() {
        return None;
    }
    Some(b.tuple(&[
        Term::atom(am::http_response),
        b.version(version),
        Term::small(status),
        b.string(phrase),
    ]))
}

fn request<'h>(b: &Builder<'h>, text: &[u8]) -> Option<Term<'h>> {
    let n = text.iter().take_while(|c| !is_special(**c)).count();
    let (method, rest) = text.split_at(n);
    if method.is_empty() || !rest.first().is_some_and(|c| is_space(*c)) {
        return None;
    }
    let rest = skip_spaces(rest);
    let n = rest.iter().take_while(|c| !is_space(**c)).count();
    let (target, rest) = rest.split_at(n);
    if target.is_empty() {
        return None;
    }
    let rest = skip_spaces(rest);
    let version = match rest {
        [] => (0, 9),
        rest if rest.len() < 8 => return None,
        rest => version(rest)?.0,
    };
    let known = METHODS.iter().find(|m| m.as_bytes() == method).copied();
    Some(b.tuple(&[
        Term::atom(am::http_request),
        b.word(known, method),
        uri(b, target),
        b.version(version),
    ]))
}

fn uri<'h>(b: &Builder<'h>, target: &[u8]) -> Term<'h> {
    if target == b"*" {
        return Term::atom(am::Times);
    }
    if target.len() <= 1 || target[0] == b'/' {
        return b.tuple(&[Term::atom(am::abs_path), b.string(target)]);
    }
    for (scheme, name) in [(&b"http://"[..], am::http), (b"https://", am::https)] {
        if target.len() >= scheme.len() && target[..scheme.len()].eq_ignore_ascii_case(scheme) {
            return absolute(b, name, &target[scheme.len()..]);
        }
    }
    match target.iter().position(|c| *c == b':') {
        Some(at) => b.tuple(&[
            Term::atom(am::scheme),
            b.string(&target[..at]),
            b.string(&target[at + 1..]),
        ]),
        None => b.string(target),
    }
}

/// `{absoluteURI, Scheme, Host, Port | undefined, Path}`
fn absolute<'h>(b: &Builder<'h>, scheme: Atom, rest: &[u8]) -> Term<'h> {
    let (authority, path) = match rest.iter().position(|c| *c == b'/') {
        Some(at) => rest.split_at(at),
        None => (rest, &b"/"[..]),
    };
    let (host, port) = host_and_port(authority);
    b.tuple(&[
        Term::atom(am::absoluteURI),
        Term::atom(scheme),
        b.string(host),
        port.map_or(Term::UNDEFINED, Term::small),
        b.string(path),
    ])
}

fn host_and_port(authority: &[u8]) -> (&[u8], Option<i64>) {
    let port = |text: &[u8]| match digits(text) {
        Some((n, [])) if n != 0 => Some(n),
        _ => None,
    };
    if authority.first() == Some(&b'[')
        && let Some(end) = authority.iter().position(|c| *c == b']')
    {
        let (host, rest) = authority.split_at(end + 1);
        return (host, rest.strip_prefix(b":").and_then(port));
    }
    match authority.iter().position(|c| *c == b':') {
        Some(at) => (&authority[..at], port(&authority[at + 1..])),
        None => (authority, None),
    }
}

fn header<'h>(b: &Builder<'h>, text: &[u8]) -> Option<Term<'h>> {
    let n = text.iter().take_while(|c| !is_special(**c)).count();
    let (original, rest) = text.split_at(n);
    let value = skip_spaces(rest.strip_prefix(b":")?);
    let usual = (n <= NAME_MAX).then(|| usual_case(original));
    let name = usual.as_deref().unwrap_or(original);
    let index = HEADERS.iter().position(|h| h.as_bytes() == name);
    Some(b.tuple(&[
        Term::atom(am::http_header),
        Term::small(index.map_or(0, |i| i as i64 + 1)),
        b.word(index.map(|i| HEADERS[i]), name),
        b.string(original),
        b.string(value),
    ]))
}

/// Capitals at the start and behind hyphens, small letters elsewhere.
fn usual_case(name: &[u8]) -> Vec<u8> {
    let mut start = true;
    name.iter()
        .map(|c| {
            let shown = if start {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            };
            start = !start && *c == b'-';
            shown
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::print;

    fn shown(line: &[u8], headers: bool) -> String {
        let heap = Heap::new();
        let (t, _) = parse(&heap, line, headers, false);
        String::from_utf8(print::to_bytes(t, print::NO_LIMIT)).unwrap()
    }

    #[test]
    fn lines() {
        assert_eq!(
            shown(b"GET http://a.b:80/x HTTP/1.1\r\n", false),
            "{http_request,'GET',{absoluteURI,http,\"a.b\",80,\"/x\"},{1,1}}"
        );
        assert_eq!(
            shown(b"HTTP/1.0 404 Not found\r\n", false),
            "{http_response,{1,0},404,\"Not found\"}"
        );
        assert_eq!(
            shown(b"content-LENGTH: 12\r\n", true),
            "{http_header,38,'Content-Length',\"content-LENGTH\",\"12\"}"
        );
        assert_eq!(shown(b"\r\n", true), "http_eoh");
        assert_eq!(shown(b"junk\r\n", false), "{http_error,\"junk\r\\n\"}");
    }
}
