//! Which processors the machine has, and in which order schedulers are bound to them (`+sbt`, `+sct`,
//! `system_flag(cpu_topology, …)`).
//!
//! Called by the flag parser, `sched::binding` and `system_info`. Touches nothing but `/sys`. A topology has unique
//! logical identifiers and unique places; it is sorted by place.

use std::fs;
use std::path::Path;

/// The largest identifier that the reference takes.
const MAX_ID: u32 = 0xffff;

/// Where a logical processor is. `-1`: the level is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    pub node: i32,
    pub processor: i32,
    /// A NUMA node inside a processor.
    pub processor_node: i32,
    pub core: i32,
    pub thread: i32,
    pub logical: i32,
}

impl Cpu {
    /// The reference's order of places: a node inside a processor comes behind the processor.
    fn place(&self) -> [i32; 5] {
        [
            self.node,
            self.processor,
            self.processor_node,
            self.core,
            self.thread,
        ]
    }
}

/// What is wrong with a description of a topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    Missing,
    Identifier,
    Range,
    Hierarchy,
    Level,
    NoLogical,
    SameLogical,
    SamePlace,
    Nodes,
}

impl Bad {
    pub fn text(self) -> &'static str {
        match self {
            Bad::Missing => "missing cpu topology",
            Bad::Identifier => "invalid identifier",
            Bad::Range => "invalid identifier range",
            Bad::Hierarchy => "invalid hierarchy",
            Bad::Level => "invalid identifier type",
            Bad::NoLogical => "missing logical identifier",
            Bad::SameLogical => "not unique logical identifiers",
            Bad::SamePlace => "not unique entities",
            Bad::Nodes => "invalid nodes declaration",
        }
    }
}

/// Processors, sorted by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology(Vec<Cpu>);

impl Topology {
    pub fn new(mut cpus: Vec<Cpu>) -> Result<Topology, Bad> {
        let mut logical: Vec<i32> = cpus.iter().map(|c| c.logical).collect();
        logical.sort_unstable();
        if logical.windows(2).any(|w| w[0] == w[1]) {
            return Err(Bad::SameLogical);
        }
        cpus.sort_by_key(Cpu::place);
        if cpus.windows(2).any(|w| w[0].place() == w[1].place()) {
            return Err(Bad::SamePlace);
        }
        let without = |c: &Cpu| c.node < 0 && c.processor_node < 0;
        let no_nodes = cpus.first().is_none_or(without);
        let one_kind = |c: &Cpu| without(c) == no_nodes && (c.node < 0 || c.processor_node < 0);
        let apart = |w: &[Cpu]| w[0].processor == w[1].processor && w[0].node != w[1].node;
        if !cpus.iter().all(one_kind) || cpus.windows(2).any(apart) {
            return Err(Bad::Nodes);
        }
        Ok(Topology(cpus))
    }

    pub fn cpus(&self) -> &[Cpu] {
        &self.0
    }

    /// The operand of `+sct`: entries separated by `:`; in each, from the inside out, the letter of a level and its
    /// identifiers.
    pub fn parse(text: &str) -> Result<Topology, Bad> {
        if text.is_empty() {
            return Err(Bad::Missing);
        }
        let mut cpus = Vec::new();
        for entry in text.strip_suffix(':').unwrap_or(text).split(':') {
            parse_entry(entry, &mut cpus)?;
        }
        Topology::new(cpus)
    }

    /// What the system tells; `None` if it does not.
    pub fn detect() -> Option<Topology> {
        let mut cpus = Vec::new();
        let root = Path::new("/sys/devices/system/cpu");
        for entry in fs::read_dir(root).ok()?.flatten() {
            let name = entry.file_name();
            let Some(logical) = number_behind(name.to_str(), "cpu") else {
                continue;
            };
            let read = |what: &str| -> Option<i32> {
                let path = entry.path().join("topology").join(what);
                fs::read_to_string(path).ok()?.trim().parse().ok()
            };
            // One that is switched off has no place.
            let (Some(processor), Some(core)) = (read("physical_package_id"), read("core_id"))
            else {
                continue;
            };
            let inside = fs::read_dir(entry.path()).ok()?.flatten();
            let node = inside
                .filter_map(|e| number_behind(e.file_name().to_str(), "node"))
                .next();
            cpus.push(Cpu {
                node: node.unwrap_or(-1),
                processor,
                processor_node: -1,
                core,
                thread: 0,
                logical,
            });
        }
        if cpus.is_empty() {
            return None;
        }
        cpus.sort_by_key(|c| c.logical);
        for i in 0..cpus.len() {
            let same = |c: &&Cpu| (c.processor, c.core) == (cpus[i].processor, cpus[i].core);
            cpus[i].thread = cpus[..i].iter().filter(same).count() as i32;
        }
        place_nodes(&mut cpus);
        Topology::new(cpus).ok()
    }

    /// Logical identifiers in the order in which schedulers get them.
    pub fn order(&self, binding: Binding) -> Vec<i32> {
        let mut ranked = self.ranked();
        ranked.sort_by_key(|c| binding.key(c));
        ranked.iter().map(|c| c.logical).collect()
    }

    /// With each identifier replaced by the number of its place inside the level above.
    fn ranked(&self) -> Vec<Cpu> {
        let mut out = self.0.clone();
        let mut nodes = -1;
        for i in 0..self.0.len() {
            let now = self.0[i].place();
            let (before, old) = match i {
                0 => (None, [-1; 5]),
                _ => (Some(self.0[i - 1].place()), out[i - 1].place()),
            };
            // The first level that is another than that of the processor before.
            let changed = before.map_or(0, |b| (0..5).find(|l| b[*l] != now[*l]).unwrap_or(5));
            let rank = |level: usize| match level {
                l if l < changed => old[l],
                l if l == changed => old[l] + 1,
                _ => 0,
            };
            if changed == 0 || (changed <= 2 && now[2] >= 0) {
                nodes += 1;
            }
            out[i] = Cpu {
                node: nodes,
                processor: if now[0] < 0 && changed == 0 {
                    0
                } else {
                    rank(1)
                },
                processor_node: rank(2),
                core: rank(3),
                thread: rank(4),
                logical: self.0[i].logical,
            };
        }
        out
    }
}

/// NUMA nodes of a machine with one say nothing; where a processor has several, they are inside it.
fn place_nodes(cpus: &mut [Cpu]) {
    if cpus.windows(2).all(|w| w[0].node == w[1].node) {
        cpus.iter_mut().for_each(|c| c.node = -1);
        return;
    }
    let all = cpus.to_vec();
    for c in cpus {
        let apart = |o: &Cpu| o.processor == c.processor && o.node != c.node;
        if all.iter().any(apart) {
            (c.processor_node, c.node) = (c.node, -1);
        }
    }
}

fn number_behind(name: Option<&str>, prefix: &str) -> Option<i32> {
    name?.strip_prefix(prefix)?.parse().ok()
}

fn parse_entry(entry: &str, cpus: &mut Vec<Cpu>) -> Result<(), Bad> {
    // Levels from the outside in, and what holds where an entry does not name them.
    const NODE: usize = 0;
    const PROCESSOR: usize = 1;
    const PROCESSOR_NODE: usize = 2;
    const LOGICAL: usize = 5;
    let mut levels: [Vec<i32>; 6] = [vec![-1], vec![0], vec![-1], vec![0], vec![0], vec![]];
    let mut last = levels.len();
    let mut rest = entry;
    while let Some(letter) = rest.chars().next() {
        let level = match letter {
            'L' => LOGICAL,
            't' | 'T' => 4,
            'c' | 'C' => 3,
            'p' | 'P' => PROCESSOR,
            'n' | 'N' if last > PROCESSOR && rest.contains(['p', 'P']) => PROCESSOR_NODE,
            'n' | 'N' => NODE,
            _ => return Err(Bad::Level),
        };
        if level >= last {
            return Err(Bad::Hierarchy);
        }
        last = level;
        (levels[level], rest) = identifiers(&rest[1..])?;
    }
    let n = levels[LOGICAL].len();
    if n == 0 {
        return Err(Bad::NoLogical);
    }
    if levels.iter().any(|l| l.len() != 1 && l.len() != n) {
        return Err(Bad::Range);
    }
    cpus.extend((0..n).map(|i| {
        let at = |level: usize| *levels[level].get(i).unwrap_or(&levels[level][0]);
        Cpu {
            node: at(NODE),
            processor: at(PROCESSOR),
            processor_node: at(PROCESSOR_NODE),
            core: at(3),
            thread: at(4),
            logical: at(LOGICAL),
        }
    }));
    Ok(())
}

/// Numbers and ranges (that may go down), separated by commas; and what is behind them.
fn identifiers(mut text: &str) -> Result<(Vec<i32>, &str), Bad> {
    let number = |text: &mut &str, bad: Bad| -> Result<i32, Bad> {
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let value = text[..end].parse::<u32>().ok().filter(|n| *n <= MAX_ID);
        *text = &text[end..];
        value.map(|n| n as i32).ok_or(bad)
    };
    let mut all = Vec::new();
    loop {
        let from = number(&mut text, Bad::Identifier)?;
        match text.strip_prefix('-') {
            None => all.push(from),
            Some(rest) => {
                text = rest;
                let to = number(&mut text, Bad::Range)?;
                if from <= to {
                    all.extend(from..=to);
                } else {
                    all.extend((to..=from).rev());
                }
            }
        }
        match text.strip_prefix(',') {
            Some(rest) => text = rest,
            None => return Ok((all, text)),
        }
    }
}

/// How schedulers are bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Binding {
    #[default]
    Unbound,
    NoSpread,
    ThreadSpread,
    ProcessorSpread,
    Spread,
    NoNodeThreadSpread,
    NoNodeProcessorSpread,
    ThreadNoNodeProcessorSpread,
}

/// The flag's letters and the name that programs see; `db` and `default_bind` are other names of the last.
const BINDINGS: &[(Binding, &str, &str)] = &[
    (Binding::Unbound, "u", "unbound"),
    (Binding::NoSpread, "ns", "no_spread"),
    (Binding::ThreadSpread, "ts", "thread_spread"),
    (Binding::ProcessorSpread, "ps", "processor_spread"),
    (Binding::Spread, "s", "spread"),
    (Binding::NoNodeThreadSpread, "nnts", "no_node_thread_spread"),
    (
        Binding::NoNodeProcessorSpread,
        "nnps",
        "no_node_processor_spread",
    ),
    (
        Binding::ThreadNoNodeProcessorSpread,
        "tnnps",
        "thread_no_node_processor_spread",
    ),
];

impl Binding {
    pub fn of_flag(letters: &str) -> Option<Binding> {
        let letters = if letters == "db" { "tnnps" } else { letters };
        BINDINGS.iter().find(|b| b.1 == letters).map(|b| b.0)
    }
    pub fn of_name(name: &str) -> Option<Binding> {
        if name == "default_bind" {
            return Some(Binding::ThreadNoNodeProcessorSpread);
        }
        BINDINGS.iter().find(|b| b.2 == name).map(|b| b.0)
    }
    pub fn name(self) -> &'static str {
        BINDINGS
            .iter()
            .find(|b| b.0 == self)
            .map_or("unbound", |b| b.2)
    }

    /// Which level counts first.
    fn key(self, c: &Cpu) -> [i32; 5] {
        let Cpu {
            node: n,
            processor: p,
            processor_node: pn,
            core: co,
            thread: t,
            ..
        } = *c;
        match self {
            Binding::Unbound | Binding::NoSpread => [n, p, pn, co, t],
            Binding::ThreadSpread => [t, n, p, pn, co],
            Binding::ProcessorSpread => [t, pn, co, n, p],
            Binding::Spread => [t, co, pn, p, n],
            Binding::NoNodeThreadSpread => [n, t, p, co, 0],
            Binding::NoNodeProcessorSpread => [n, t, co, p, 0],
            Binding::ThreadNoNodeProcessorSpread => [t, n, co, p, 0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What OTP 27.3 says of each.
    #[test]
    fn descriptions() {
        for (text, bad) in [
            ("", Bad::Missing),
            ("L0t0-1c0", Bad::Range),
            ("L0-1", Bad::SamePlace),
            ("L0,0c0-1", Bad::SameLogical),
            ("l0", Bad::Level),
            ("L-", Bad::Identifier),
            ("L0-", Bad::Range),
            ("L0c", Bad::Identifier),
            ("L0c0x", Bad::Level),
            ("L99999c0", Bad::Identifier),
            ("c0", Bad::NoLogical),
            ("L0-7c0-3t0-1p0-1", Bad::Hierarchy),
            ("L0-3c0-1,0-1p0,0,1,1N0:L4-5c0-1p2", Bad::Nodes),
        ] {
            assert_eq!(Topology::parse(text), Err(bad), "{text}");
        }
        let inside = Topology::parse("L0-1c0-1N0p0").unwrap();
        assert!(
            inside
                .cpus()
                .iter()
                .all(|c| c.node == -1 && c.processor_node == 0)
        );
        let outside = Topology::parse("L0-1c0-1p0N0:L2-3c0-1p1N1").unwrap();
        assert!(
            outside
                .cpus()
                .iter()
                .all(|c| c.node >= 0 && c.processor_node == -1)
        );
        assert_eq!(Topology::parse("L0c0:").unwrap().cpus().len(), 1);
    }

    /// Two nodes of two processors with two cores of two threads: what the order of levels of each kind gives.
    #[test]
    fn orders() {
        let t = Topology::parse("L0-15t0-1,0-1,0-1,0-1,0-1,0-1,0-1,0-1c0,0,1,1,0,0,1,1,0,0,1,1,0,0,1,1p0,0,0,0,1,1,1,1,2,2,2,2,3,3,3,3N0,0,0,0,0,0,0,0,1,1,1,1,1,1,1,1").unwrap();
        let order = |letters| t.order(Binding::of_flag(letters).unwrap());
        assert_eq!(order("ns"), (0..16).collect::<Vec<_>>());
        assert_eq!(
            order("ts"),
            [0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15]
        );
        assert_eq!(
            order("ps"),
            [0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15]
        );
        assert_eq!(
            order("s"),
            [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]
        );
        assert_eq!(
            order("nnts"),
            [0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15]
        );
        assert_eq!(
            order("nnps"),
            [0, 4, 2, 6, 1, 5, 3, 7, 8, 12, 10, 14, 9, 13, 11, 15]
        );
        assert_eq!(
            order("db"),
            [0, 4, 2, 6, 8, 12, 10, 14, 1, 5, 3, 7, 9, 13, 11, 15]
        );
    }
}
