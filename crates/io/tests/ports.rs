//! Ports, with what the reference engine does in the same cases as the expected messages.

mod world;

use corten_engine::Process;
use corten_engine::signal::{link, monitor, send};
use corten_term::{PortId, Term};
use world::{Actor, apply, atom, call};

type Options = for<'h> fn(&'h Process) -> Vec<Term<'h>>;

fn text<'h>(p: &'h Process, s: &str) -> Term<'h> {
    p.heap.latin1_string(s.as_bytes())
}

/// Opens a port for a script of the shell.
fn shell(a: &Actor, script: &'static str, options: Options) -> PortId {
    a.run(move |p| {
        let h = &p.heap;
        let what = h.tuple(&[atom("spawn_executable"), text(p, "/bin/sh")]);
        let arguments = h.list(&[text(p, "-c"), text(p, script)]);
        let mut o = vec![h.tuple(&[atom("args"), arguments])];
        o.extend(options(p));
        let port = apply(p, "erts_internal", "open_port", &[what, h.list(&o)]).unwrap();
        port.as_local_port().unwrap()
    })
}

fn spawn(a: &Actor, command: &'static str, options: Options) -> PortId {
    a.run(move |p| {
        let what = p.heap.tuple(&[atom("spawn"), text(p, command)]);
        let o = p.heap.list(&options(p));
        let port = apply(p, "erts_internal", "open_port", &[what, o]).unwrap();
        port.as_local_port().unwrap()
    })
}

fn check(script: &'static str, options: Options, expected: &[&str]) {
    let a = Actor::new();
    shell(&a, script, options);
    assert_eq!(a.messages(), expected, "{script}");
}

fn line(p: &Process) -> Term<'_> {
    p.heap.tuple(&[atom("line"), Term::small(10)])
}

#[test]
fn programs_and_their_ends() {
    check(
        "printf 'a\\nbc'; exit 3",
        |p| vec![atom("exit_status"), line(p)],
        &[
            "{Port,{data,{eol,\"a\"}}}",
            "{Port,{exit_status,3}}",
            "{Port,{data,{noeol,\"bc\"}}}",
            "{'EXIT',Port,normal}",
        ],
    );
    check(
        "printf 'a\\nbc'; exit 3",
        |p| vec![atom("exit_status"), line(p), atom("eof")],
        &[
            "{Port,{data,{eol,\"a\"}}}",
            "{Port,{exit_status,3}}",
            "{Port,{data,{noeol,\"bc\"}}}",
            "{Port,eof}",
        ],
    );
    check(
        "printf abc",
        |_| vec![atom("binary")],
        &["{Port,{data,<<\"abc\">>}}", "{'EXIT',Port,normal}"],
    );
    check(
        "kill -9 $$",
        |_| vec![atom("exit_status")],
        &["{Port,{exit_status,137}}", "{'EXIT',Port,normal}"],
    );
}

#[test]
fn descriptors_environment_directory() {
    check(
        "echo out; sleep 0.05; echo err >&2",
        |_| {
            ["stderr_to_stdout", "binary", "exit_status"]
                .map(atom)
                .to_vec()
        },
        &[
            "{Port,{data,<<111,117,116,10>>}}",
            "{Port,{data,<<101,114,114,10>>}}",
            "{Port,{exit_status,0}}",
            "{'EXIT',Port,normal}",
        ],
    );
    check(
        "printf hello >&4",
        |_| ["nouse_stdio", "binary", "exit_status"].map(atom).to_vec(),
        &[
            "{Port,{data,<<\"hello\">>}}",
            "{Port,{exit_status,0}}",
            "{'EXIT',Port,normal}",
        ],
    );
    check(
        "cat; exit 2",
        |_| vec![atom("in"), atom("exit_status")],
        &["{Port,{exit_status,2}}", "{'EXIT',Port,normal}"],
    );
    check(
        "cat >/dev/null; exit 2",
        |_| vec![atom("out"), atom("exit_status")],
        &[],
    );
    check(
        "echo $FOO $HOME`pwd`",
        |p| {
            let h = &p.heap;
            let env = [
                h.tuple(&[text(p, "FOO"), text(p, "x")]),
                h.tuple(&[text(p, "HOME"), Term::FALSE]),
            ];
            vec![
                h.tuple(&[atom("env"), h.list(&env)]),
                h.tuple(&[atom("cd"), text(p, "/usr")]),
                atom("binary"),
            ]
        },
        &[
            "{Port,{data,<<120,32,47,117,115,114,10>>}}",
            "{'EXIT',Port,normal}",
        ],
    );
    check(
        "true",
        |p| {
            let cd = p.heap.tuple(&[atom("cd"), text(p, "/nonexistent")]);
            vec![cd, atom("exit_status")]
        },
        &["{Port,{exit_status,2}}", "{'EXIT',Port,normal}"],
    );
}

#[test]
fn what_cannot_be_opened() {
    let a = Actor::new();
    let open = |kind: &'static str, name: &'static str, option: Option<&'static str>| {
        a.run(move |p| {
            let what = p.heap.tuple(&[atom(kind), text(p, name)]);
            let options: Vec<_> = option.into_iter().map(atom).collect();
            let options = p.heap.list(&options);
            call(p, "erts_internal", "open_port", &[what, options])
        })
    };
    assert_eq!(open("spawn_executable", "/nonexistent", None), "enoent");
    assert_eq!(open("spawn_executable", "/etc/passwd", None), "eacces");
    assert_eq!(open("spawn", "true", Some("foo")), "badopt");
    assert_eq!(open("spawn_driver", "nonexistent", None), "badarg");
    assert_eq!(open("spam", "true", None), "badarg");
}

/// Sends `{Self, Request}` to a port.
fn tell(a: &Actor, port: PortId, request: for<'h> fn(&'h Process) -> Term<'h>) {
    a.run(move |p| {
        let message = p.heap.tuple(&[p.pid().into(), request(p)]);
        send::send(p, Term::port(port), message);
    });
}

#[test]
fn messages_to_a_port_and_its_close() {
    let a = Actor::new();
    let port = spawn(&a, "cat", |p| {
        vec![
            atom("binary"),
            p.heap.tuple(&[atom("packet"), Term::small(2)]),
        ]
    });
    a.run(move |p| {
        monitor::monitor(p, monitor::What::Port(port), Default::default());
    });
    tell(&a, port, |p| {
        p.heap.tuple(&[atom("command"), text(p, "hej")])
    });
    assert_eq!(a.message(), "{Port,{data,<<\"hej\">>}}");
    let sent = a.run(move |p| {
        let data = p.heap.list(&[text(p, "a"), p.heap.binary(b"b")]);
        call(
            p,
            "erts_internal",
            "port_command",
            &[Term::port(port), data, Term::NIL],
        )
    });
    assert_eq!(
        (sent.as_str(), a.message().as_str()),
        ("true", "{Port,{data,<<\"ab\">>}}")
    );
    let info = |item: &'static str| {
        a.run(move |p| {
            call(
                p,
                "erts_internal",
                "port_info",
                &[Term::port(port), atom(item)],
            )
        })
    };
    for (item, expected) in [
        ("name", "{name,\"cat\"}"),
        ("connected", "{connected,Pid}"),
        ("input", "{input,5}"),
        ("output", "{output,5}"),
        ("queue_size", "{queue_size,0}"),
        ("registered_name", "[]"),
        ("parallelism", "{parallelism,false}"),
        ("locking", "{locking,port_level}"),
        ("monitored_by", "{monitored_by,[Pid]}"),
        ("links", "{links,[Pid]}"),
        ("nonsense", "badarg"),
    ] {
        assert_eq!(info(item), expected);
    }
    a.run(move |p| {
        send::send(p, Term::port(port), atom("foo"));
    });
    tell(&a, port, |_| atom("foo"));
    tell(&a, port, |p| p.heap.tuple(&[atom("command"), atom("foo")]));
    assert_eq!(a.messages(), ["{'EXIT',Port,badsig}"; 3]);
    tell(&a, port, |_| atom("close"));
    assert_eq!(
        a.messages(),
        [
            "{'EXIT',Port,normal}",
            "{'DOWN',Ref,port,Port,normal}",
            "{Port,closed}"
        ]
    );
    assert_eq!(info("name"), "undefined");
    let closed = a.run(move |p| call(p, "erts_internal", "port_close", &[Term::port(port)]));
    assert_eq!(closed, "badarg");
}

#[test]
fn failures_of_output() {
    let a = Actor::new();
    let port = spawn(&a, "cat", |p| {
        vec![p.heap.tuple(&[atom("packet"), Term::small(1)])]
    });
    let command = |port: PortId, n: usize| {
        a.run(move |p| {
            let data = p.heap.binary(&vec![b'x'; n]);
            call(
                p,
                "erts_internal",
                "port_command",
                &[Term::port(port), data, Term::NIL],
            )
        })
    };
    assert_eq!(command(port, 300), "true");
    assert_eq!(a.messages(), ["{'EXIT',Port,einval}"]);
    let port = spawn(&a, "sleep 0.1", |_| vec![atom("out")]);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(command(port, 2), "true");
    assert_eq!(a.messages(), ["{'EXIT',Port,epipe}"]);
    assert_eq!(command(port, 2), "badarg");
}

#[test]
fn busy_ports_and_lots_of_data() {
    let a = Actor::new();
    let port = shell(&a, "sleep 0.5; wc -c", |_| {
        vec![atom("binary"), atom("exit_status")]
    });
    let command = |data: usize, option: Option<&'static str>| {
        a.run(move |p| {
            let data = p.heap.binary(&vec![b'x'; data]);
            let options: Vec<_> = option.into_iter().map(atom).collect();
            let options = p.heap.list(&options);
            call(
                p,
                "erts_internal",
                "port_command",
                &[Term::port(port), data, options],
            )
        })
    };
    assert_eq!(command(100_000, None), "true");
    assert_eq!(command(1, Some("nosuspend")), "false");
    assert_eq!(command(1, Some("force")), "notsup");
    // The answer comes when there is room again.
    assert_eq!(command(5, None), "Ref");
    assert_eq!(a.message(), "{Ref,true}");
}

#[test]
fn owners_change_and_die() {
    let (a, b) = (Actor::new(), Actor::new());
    let port = spawn(&a, "cat", |_| vec![atom("binary")]);
    let new = b.pid;
    let done = a.run(move |p| {
        call(
            p,
            "erts_internal",
            "port_connect",
            &[Term::port(port), new.into()],
        )
    });
    assert_eq!(done, "true");
    // The old owner writes, the new one gets what comes back.
    a.run(move |p| {
        call(
            p,
            "erts_internal",
            "port_command",
            &[Term::port(port), p.heap.binary(b"x"), Term::NIL],
        )
    });
    assert_eq!(b.message(), "{Port,{data,<<\"x\">>}}");
    // The old owner is still linked; the end of the port is told to both.
    a.run(move |p| link::unlink(p, Term::port(port)));
    b.run(move |p| call(p, "erts_internal", "port_close", &[Term::port(port)]));
    assert_eq!(b.messages(), ["{'EXIT',Port,normal}"]);
    assert!(a.messages().is_empty());
}

#[test]
fn data_of_ports() {
    let a = Actor::new();
    let port = spawn(&a, "cat", |_| vec![]);
    let got = a.run(move |p| {
        let data = p.heap.tuple(&[text(p, "some"), Term::small(1)]);
        let before = call(p, "erlang", "port_get_data", &[Term::port(port)]);
        let set = call(p, "erlang", "port_set_data", &[Term::port(port), data]);
        let after = call(p, "erlang", "port_get_data", &[Term::port(port)]);
        format!("{before} {set} {after}")
    });
    assert_eq!(got, "undefined true {\"some\",1}");
    let all = a.run(|p| call(p, "erlang", "ports", &[]));
    assert!(all.starts_with("[Port,Port"), "{all}");
}

/// `port_control` of the inet driver.
fn inet(a: &Actor, port: PortId, request: i64, data: &'static [u8]) -> Vec<u8> {
    a.run(move |p| {
        let operation = Term::small(request + 0x03f1_a300);
        let data = p.heap.binary(data);
        let answer = apply(
            p,
            "erts_internal",
            "port_control",
            &[Term::port(port), operation, data],
        );
        let bytes = answer.unwrap().to_vec().unwrap();
        bytes.iter().map(|t| t.as_small().unwrap() as u8).collect()
    })
}

#[test]
fn datagrams() {
    let a = Actor::new();
    let open = || {
        let port = a.run(|p| {
            let what = p.heap.tuple(&[atom("spawn_driver"), text(p, "udp_inet")]);
            let options = p.heap.list(&[atom("binary")]);
            let port = apply(p, "erts_internal", "open_port", &[what, options]).unwrap();
            port.as_local_port().unwrap()
        });
        assert_eq!(inet(&a, port, 6, &[1, 0, 0, 127, 0, 0, 1]), b"\0exbadport");
        assert_eq!(inet(&a, port, 1, &[1, 2]), [1]);
        assert_eq!(inet(&a, port, 6, &[1, 0, 0, 127, 0, 0, 1])[0], 1);
        port
    };
    let (one, two) = (open(), open());
    // Binary mode, active once.
    assert_eq!(inet(&a, two, 7, &[24, 0, 0, 0, 1, 22, 0, 0, 0, 2]), [1]);
    let name = inet(&a, two, 5, &[]);
    assert_eq!((name[0], name[1], &name[4..]), (1, 1, &[127, 0, 0, 1][..]));
    let send = |name: Vec<u8>| {
        a.run(move |p| {
            // The reference of the caller: here an atom in external format.
            let mut data = vec![0, 5, 131, 119, 2, b'o', b'k'];
            data.extend(&name[1..]);
            data.extend([0, 0, 0, 0]);
            data.extend(b"hi");
            let data = p.heap.binary(&data);
            call(
                p,
                "erts_internal",
                "port_command",
                &[Term::port(one), data, Term::NIL],
            )
        })
    };
    assert_eq!(send(name.clone()), "true");
    let mut got = [a.message(), a.message()];
    got.sort();
    assert_eq!(got[0], "{inet_reply,Port,ok,ok}");
    assert!(
        got[1].starts_with("{udp,Port,{127,0,0,1},") && got[1].ends_with(",<<\"hi\">>}"),
        "{got:?}"
    );
    // Passive now: a datagram is asked for.
    assert_eq!(inet(&a, two, 60, &[0, 0, 0, 50, 0, 0, 0, 0]), [1, 0, 1]);
    assert_eq!(a.message(), "{inet_async,Port,1,{error,timeout}}");
    assert_eq!(
        inet(&a, two, 60, &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
        [1, 0, 2]
    );
    send(name);
    let mut got = [a.message(), a.message()];
    got.sort();
    assert!(got[0].starts_with("{inet_async,Port,2,{ok,[1,"), "{got:?}");
}
