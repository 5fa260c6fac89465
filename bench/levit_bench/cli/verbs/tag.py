"""`levit-bench tag`: names for sessions, to compare with."""

from __future__ import annotations

import json
from pathlib import Path

import click

from levit_bench.cli.options import Verb, json_option, store_option
from levit_bench.command_lines import command_line
from levit_bench.errors import EXIT_DONE, UsageError


@click.command("tag", cls=Verb)
@click.argument("name", metavar="[NAME]", required=False)
@click.argument("sessions", metavar="[SESSION…]", nargs=-1)
@click.option("--delete", metavar="NAME", help="Remove a tag; its sessions stay.")
@store_option
@json_option
def command(name: str | None, sessions: tuple[str, ...], delete: str | None, root: Path, as_json: bool) -> int:
    """Name sessions of the store, such as the baseline that changes are compared with; list what is named.

    A SESSION is its name, the beginning of one, 'last', or another tag. A name that exists moves to the new sessions,
    and by this verb alone: no comparison moves it, however it ends. Names are kept in tags.toml in the folder of the
    store. 'compare' takes a name for all its sessions, --session for its only one.

    \b
    Examples:
      levit-bench tag baseline 20261124T075958 20261124T080232
      levit-bench tag
      levit-bench tag --delete baseline

    Exit codes: 0 done, 1 the store cannot be read or written, 2 usage, 3 the store holds no session.
    """
    from levit_bench.cli.output import print_words, stderr, stdout
    from levit_bench.report.listings.tags import document, lines, machines_of
    from levit_bench.store import tags
    from levit_bench.store.files import nothing_at

    if delete is not None and (name or sessions):
        raise UsageError("--delete removes one tag. Leave the other words out.")
    sessions_by_tag, machines = tags.read(root), _machines(root)
    if not machines and not sessions_by_tag:
        raise nothing_at([root])
    remarks = []
    if delete is not None:
        _sessions_of(sessions_by_tag, delete)
        remarks.append(f"{delete} was {', '.join(sessions_by_tag.pop(delete))}")
        tags.write(root, sessions_by_tag)
    elif name is not None and sessions:
        remarks += _point_tag(root, sessions_by_tag, name, sessions)
        if len(machine_names := machines_of(sessions_by_tag[name], machines)) > 1:
            remarks.append(
                f"{name} holds sessions of {len(machine_names)} machines: each case is compared with those of its own "
                "machine."
            )
        tags.write(root, sessions_by_tag)
    elif name is not None:
        sessions_by_tag = {name: _sessions_of(sessions_by_tag, name)}
    if as_json:
        click.echo(json.dumps(document(sessions_by_tag, machines), indent=2))
    else:
        for line in lines(sessions_by_tag, machines):
            print_words(stdout(), line)
        if not sessions_by_tag:
            remarks.append(f"no session of {root} has a name. Give one: {command_line('tag', 'baseline', 'last')}")
    for line in remarks:
        print_words(stderr(), line)
    return EXIT_DONE


def _point_tag(
    root: Path, sessions_by_tag: dict[str, tuple[str, ...]], name: str, sessions: tuple[str, ...]
) -> list[str]:
    """Point a tag at sessions; returns remarks about its former sessions, if it had other ones, and about files that
    were passed over.
    """
    from levit_bench.store import tags
    from levit_bench.store.lookup import passed_over, resolve_sessions

    tags.check_name(root, name)
    former = sessions_by_tag.get(name)
    files = [path for session in sessions for path in resolve_sessions(root, session)]
    sessions_by_tag[name] = tuple(sorted({path.stem for path in files}))
    remarks = [f"{name} was {', '.join(former)}"] if former and former != sessions_by_tag[name] else []
    passed = dict.fromkeys(finding for session in sessions for finding in passed_over(root, session))
    return [*remarks, *(f"{finding.kind}: {finding.message}" for finding in passed)]


def _sessions_of(sessions_by_tag: dict[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
    if name not in sessions_by_tag:
        raise UsageError(f"there is no tag {name[:80]!r}. There are: {', '.join(sorted(sessions_by_tag)) or 'none'}.")
    return sessions_by_tag[name]


def _machines(root: Path) -> dict[str, list[str]]:
    """Machines, by their folders, that hold each session of the store."""
    from levit_bench.store.files import session_files

    if root.is_file():
        raise UsageError(
            f"{root} is one session's file, and tags belong to a folder of sessions. Name it with --store."
        )
    out: dict[str, list[str]] = {}
    for path in session_files(root):
        out.setdefault(path.stem, []).append(path.parent.name)
    return out
