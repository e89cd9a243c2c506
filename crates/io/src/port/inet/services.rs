//! Names of services: `/etc/services`.

use super::{Answer, Reader};
use rustix::io::Errno;

/// One line of the file, if it is a service.
fn parse(line: &str) -> Option<(u16, &str, Vec<&str>)> {
    let line = line.split('#').next()?;
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let (port, protocol) = words.next()?.split_once('/')?;
    let names = std::iter::once(name).chain(words).collect();
    Some((port.parse().ok()?, protocol, names))
}

fn find<T>(mut matches: impl FnMut(u16, &str, &[&str]) -> Option<T>) -> Option<T> {
    let services = std::fs::read_to_string("/etc/services").ok()?;
    services
        .lines()
        .filter_map(parse)
        .find_map(|(port, protocol, names)| matches(port, protocol, &names))
}

/// The port of a service.
pub fn port(name: &str, protocol: &str) -> Option<u16> {
    find(|port, p, names| (p == protocol && names.contains(&name)).then_some(port))
}

/// The service of a port.
pub fn name(port: u16, protocol: &str) -> Option<String> {
    find(|n, p, names| (p == protocol && n == port).then(|| names[0].to_string()))
}

fn counted(r: &mut Reader<'_>) -> Option<String> {
    let n = r.u8()?;
    String::from_utf8(r.bytes(n.into())?.to_vec()).ok()
}

pub fn by_name(data: &[u8]) -> Answer {
    let mut r = Reader(data);
    let request = (counted(&mut r), counted(&mut r));
    let (Some(service), Some(protocol)) = request else {
        return Err(Errno::INVAL.into());
    };
    port(&service, &protocol)
        .map(|p| p.to_be_bytes().to_vec())
        .ok_or(Errno::INVAL.into())
}

pub fn by_port(data: &[u8]) -> Answer {
    let mut r = Reader(data);
    let request = (r.u16(), counted(&mut r));
    let (Some(port), Some(protocol)) = request else {
        return Err(Errno::INVAL.into());
    };
    name(port, &protocol)
        .map(String::into_bytes)
        .ok_or(Errno::INVAL.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_services_file() {
        let http = parse("http\t\t80/tcp\t\twww # WorldWideWeb");
        assert_eq!(http, Some((80, "tcp", vec!["http", "www"])));
        assert_eq!(parse("# only a comment"), None);
        assert_eq!(parse("odd line"), None);
    }
}
