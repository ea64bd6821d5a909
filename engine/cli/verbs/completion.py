"""`engine completion SHELL`: a script for bash, zsh or fish, made from the verbs' own parsers.

The words are in the script, so that a Tab starts nothing; only the ids of runs are asked for, of this very verb.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator

from engine.cli.catalog import VERBS
from engine.cli.output import Output
from engine.cli.parser import verb_parser
from engine.runs import every, logs_folder

EXAMPLES = """
  eval "$(engine completion bash)"                                        # in ~/.bashrc
  eval "$(engine completion zsh)"                                         # in ~/.zshrc, behind compinit
  engine completion fish > ~/.config/fish/completions/engine.fish
"""
SHELLS = ("bash", "zsh", "fish")
RUNS = 200
"""Ids offered, newest first."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=(*SHELLS, "runs"), help="runs: the ids that a Tab offers")


def act(args: argparse.Namespace, out: Output) -> int:
    if args.shell == "runs":
        lines = ["@", *(run.id for run in every(logs_folder())[:RUNS])]
    else:
        lines = {"bash": bash, "zsh": zsh, "fish": fish}[args.shell]().splitlines()
    if args.json:
        out.value({"schema": 1, "shell": args.shell, "lines": lines})
    else:
        for line in lines:
            out.line(line)
    return 0


def options(name: str) -> tuple[list[str], list[str]]:
    """A verb's options, and the words its first argument can be; `RUN` stands for a run's id."""
    module, summary = VERBS[name]
    verb = importlib.import_module(f"engine.cli.verbs.{module}")
    parser = verb_parser(name, summary, verb.EXAMPLES)
    parser.set_defaults(verb=name)
    verb.arguments(parser)
    found = list(_of(parser))
    named = [word for one in found for word in one.option_strings if word.startswith("--")]
    places = [one for one in found if not one.option_strings]
    chosen = next((one for one in places if one.choices), None)
    words = [str(word) for word in (chosen.choices or ())] if chosen else []
    return sorted(named), [*(["RUN"] if _about_runs(places) else []), *words]


def _of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    yield from parser._actions


def _about_runs(places: list[argparse.Action]) -> bool:
    return any("RUN" in str(one.metavar or one.dest) for one in places)


def bash() -> str:
    """For bash 3.2 and newer, which macOS still has."""
    cases = "\n".join(_case(name, *options(name)) for name in VERBS)
    return f"""_engine() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} words= runs=0
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W {_quoted([*VERBS, "--help", "--version"])} -- "$word"))
        return
    fi
    case ${{COMP_WORDS[1]}} in
{cases}
    esac
    case $word in -*) runs=0 ;; esac
    [ "$runs" = 1 ] && words="$words $(engine completion runs 2>/dev/null)"
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _engine engine"""


def _case(name: str, named: list[str], words: list[str]) -> str:
    known = [*named, *(word for word in words if word != "RUN")]
    return f"        {name}) words={_quoted(known)}; runs={int('RUN' in words)} ;;"


def zsh() -> str:
    """bash's, through zsh's own bridge."""
    return f"autoload -U +X bashcompinit && bashcompinit\n{bash()}"


def fish() -> str:
    """One line a verb, one an option."""
    lines = [
        "complete -c engine -f",
        "function __engine_runs; engine completion runs 2>/dev/null; end",
    ]
    for name, (_, summary) in VERBS.items():
        named, words = options(name)
        lines.append(
            f"complete -c engine -n __fish_use_subcommand -a {name} -d {_quoted([summary])}"
        )
        seen = f"-n '__fish_seen_subcommand_from {name}'"
        lines += [f"complete -c engine {seen} -l {one[2:]}" for one in named]
        lines += [
            f"complete -c engine {seen} -a {'(__engine_runs)' if word == 'RUN' else word}"
            for word in words
        ]
    return "\n".join(lines).replace("-a (__engine_runs)", "-a '(__engine_runs)'")


def _quoted(words: list[str]) -> str:
    return "'" + " ".join(words).replace("'", "’") + "'"
