"""`engine hosts ls|add|test`: the machines that runs can go to."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from engine import hosts
from engine.cli import words
from engine.cli.output import Ink, Output
from engine.errors import Unusable
from engine.hosts import Host

EXAMPLES = """
  engine hosts add box --ssh me@10.0.0.7:22 --key ~/.ssh/id_ed25519 --fingerprint SHA256:…
  engine hosts ls
  engine hosts test box            # what is there and what is missing, in words
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("ls", "add", "test"))
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument("--ssh", metavar="USER@HOST:PORT", help="or a name of your ssh_config")
    parser.add_argument("--key", metavar="FILE", help="a private key; absent: as ssh would")
    parser.add_argument("--fingerprint", metavar="SHA256:…", help="the key that it must show")
    parser.add_argument("--python", default="python3", help="its interpreter, 3.8 or newer")
    parser.add_argument("--workdir", default="~", help="where commands run there")
    parser.add_argument("--price-hour", type=float, metavar="DOLLARS")


def act(args: argparse.Namespace, out: Output) -> int:
    if args.what == "ls":
        return _ls(out)
    if args.name is None:
        raise Unusable(f"hosts {args.what} needs a name", f"engine hosts {args.what} NAME")
    return _add(args, out) if args.what == "add" else _test(hosts.find(args.name), out)


def _ls(out: Output) -> int:
    known = hosts.every()
    if out.as_json:
        for host in known:
            out.value({"schema": 1, **host.table()})
        return 0
    if not known:
        out.say("engine: no hosts yet; engine hosts add NAME --ssh USER@HOST:PORT")
    for host in known:
        price = "—" if host.price_hour is None else f"${host.price_hour:.2f}/h"
        out.line(f"{host.name:<20} {host.provider:<6} {host.address:<32} {price:>8}  {host.source}")
    return 0


def _add(args: argparse.Namespace, out: Output) -> int:
    if args.ssh is None:
        raise Unusable("where is it?", "engine hosts add NAME --ssh USER@HOST:PORT")
    host = Host(
        name=args.name,
        provider="ssh",
        address=args.ssh,
        key=args.key,
        fingerprint=args.fingerprint,
        price_hour=args.price_hour,
        python=args.python,
        workdir=args.workdir,
    )
    written = hosts.checked(host.name, hosts.written(host), "hosts add")
    path = hosts.add(written if host.fingerprint else _asked(written))
    if out.as_json:
        out.value({"schema": 1, "name": host.name, "file": str(path)})
    else:
        out.line(f"{host.name} is in {path}")
    return 0


def _asked(host: Host) -> Host:
    """The key that it shows, accepted by a person; a key that ssh knows already needs nobody."""
    from engine.machines.ssh import introduced

    shown = introduced(host)
    if shown is None:
        return host
    question = f"{host.name} ({host.address}) shows the key {shown}"
    if not sys.stdin.isatty():
        raise Unusable(f"{question}; is it the right one?", f"--fingerprint {shown}")
    sys.stderr.write(f"{question}\nIs it the right one? Compare it there. Type yes to pin it: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        raise Unusable("not added: nobody vouched for its key", f"--fingerprint {shown}")
    return hosts.pinned(host, shown)


def _test(host: Host, out: Output) -> int:
    from engine.machines.visit import visit

    found = visit(host)
    if out.as_json:
        out.value({"schema": 1, "name": host.name, **found})
        return 0
    for name in ("node", "python", "cpus", "root"):
        _line(out, name, found[name])
    _line(out, "memory", words.size(found["ram_bytes"]))
    _line(out, "disk", f"{words.size(found['disk_free_bytes'])} free under {found['root']}")
    _line(out, "clock", f"{found['clock_offset_s']:+.3f} s ± {found['clock_plus_minus_s']:.3f} s")
    _line(out, "answer", f"{1000 * found['rtt_s']:.0f} ms there and back")
    _line(out, "GPUs", "; ".join(found["gpus"]) or "none seen by nvidia-smi")
    for name, path in found["programs"].items():
        _line(out, f"  {name}", path)
    for one in found["missing"]:
        out.line(Ink(f"  missing: {one}", "yellow"))
    return 0


def _line(out: Output, name: str, value: Any) -> None:
    out.line(f"{name:<12}", words.MISSING if value is None else str(value))
