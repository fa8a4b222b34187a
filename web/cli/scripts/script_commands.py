"""`session-status script`: what an author needs: check a script, try it in the real jail, put it in service.

Many files in one call share one jail and run side by side; one that is broken or hostile never stops the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from records.scripts import versions
from runner.trials import trial_input
from runner.trials.implementation_facts import ImplementationFacts, facts_of
from runner.trials.submission import activate as activate_reviewed
from runner.trials.trial import (
    Trial,
    TrialSandbox,
    TrialSandboxUnsafeError,
    finding_json,
    refused_trial,
    unreadable_finding,
)
from web.cli.common.audit_context import audit_context, whoami
from web.cli.common.context import find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId
from web.cli.common.render import draw_findings, draw_trial
from web.cli.common.tables import print_compact

from .trial_files import TrialCase, TrialFileOptions, live_cases, read_source, recorded_cases

T = TypeVar("T")


@click.group(
    "script",
    epilog=examples(
        "session-status script check my_script.py",
        "session-status script run my_script.py --input input.json --answers answers.json",
        "session-status script activate demo my_script.py",
    ),
)
def script() -> None:
    """Check a script, try it, put it in service.

    Each folder of scripts/examples has all the files that these commands read; docs/authors.md teaches from them.
    """


allow_weak_option = click.option(
    "--allow-weak",
    is_flag=True,
    help="Go on although the jail of this machine is not tight (macOS, some containers). Only for scripts you trust.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object for each file, each on one line.")
files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")


@script.command(
    epilog=examples(
        "session-status script check scripts/examples/*/script.py",
        "session-status script check my_script.py --for demo",
        "session-status script check my_script.py --link-hosts cme.example.org,events.example.com",
    )
)
@files_argument
@click.option(
    "--for",
    "implementation",
    type=ImplementationId(),
    help="Also check against this implementation: its connections, settings and link hosts.",
)
@click.option("--link-hosts", metavar="HOST,...", help="Hosts which messages may link to; any other is a warning.")
@json_option
@allow_weak_option
def check(
    files: Sequence[str], implementation: str | None, link_hosts: str | None, *, as_json: bool, allow_weak: bool
) -> None:
    """Say what is wrong with scripts: where, what, why, and what to write instead.

    Nothing of a script is run. FILE may be a folder with a script.py, or - for standard input. Exit status: 0 when no
    file has an error (there may be warnings), 1 when one has.
    """
    hosts = None if link_hosts is None else hosts_of(link_hosts)
    facts = None if implementation is None else read_facts(implementation)
    good = True
    with open_bench(allow_weak=allow_weak) as bench:
        for told in side_by_side(lambda file: checked(bench, file, hosts, facts), files):
            good = good and told["ok"]
            if as_json:
                print_compact(told)
            else:
                click.echo(
                    draw_findings(told["file"], told["findings"]) or f"{told['file']}: nothing to say, it is good"
                )
    if not good:
        raise SystemExit(ANSWER_IS_NO)


@script.command(
    epilog=examples(
        "session-status script run scripts/examples/ce_credit",
        "session-status script run my_script.py --input input.json --answers answers.json --json",
        "session-status script run my_script.py --input input.json --live demo",
    )
)
@files_argument
@click.option(
    "--input", "input_file", metavar="INPUT.json", help="For whom, where and when. [default: input.json beside FILE]"
)
@click.option(
    "--answers",
    "answers_file",
    metavar="ANSWERS.json",
    help="What the vendors answer. [default: answers.json beside FILE, if INPUT is taken from there]",
)
@click.option(
    "--live",
    metavar="IMPLEMENTATION",
    help="Ask the real vendors, over the connections of this implementation.",
)
@json_option
@allow_weak_option
def run(files: Sequence[str], live: str | None, *, as_json: bool, allow_weak: bool, **given: str | None) -> None:
    """Run scripts in the real jail and show what an attendee would see.

    INPUT holds user, session, now, settings, link_hosts and scans; ANSWERS holds recorded answers of the vendors, and a
    call without one is a call failed. Where INPUT names no link_hosts, a link may lead to any host. FILE may be a folder with a script.py, or - for standard input.

    Exit status: 0 when every run returned (also when it says hidden), 1 when one did not, 2 when INPUT or ANSWERS
    cannot be used.
    """
    named = TrialFileOptions(**given)
    if live and named.answers_file:
        raise CommandFailed("--live asks the real vendors and --answers stands in for them: choose one.")
    found = live_cases(files, named, live) if live else recorded_cases(files, named)
    good = True
    with found as cases, open_bench(allow_weak=allow_weak) as bench:
        for case, trial in zip(cases, side_by_side(lambda case: tried(bench, case), cases), strict=True):
            told = {"file": case.file} | trial.as_json()
            good = good and trial.outcome.value == "returned"
            if as_json:
                print_compact(told)
            else:
                click.echo(draw_trial(told) + "\n")
    if not good:
        raise SystemExit(ANSWER_IS_NO)


@script.command(
    epilog=examples(
        "session-status script activate demo scripts/examples/annual_meeting/script.py",
        "session-status script activate demo - < my_script.py",
    )
)
@click.argument("implementation", type=ImplementationId())
@click.argument("file")
@allow_weak_option
def activate(implementation: str, file: str, *, allow_weak: bool) -> None:
    """Check a script, store it as a version of IMPLEMENTATION, and put it in service at once.

    FILE may be a folder with a script.py, or - for standard input. The text that was in service before stays stored. Exit status: 1 when the check finds an error; then nothing changes.
    """
    source, fault = read_source(file)
    if source is None:
        raise CommandFailed(fault)
    with open_context() as here, open_bench(allow_weak=allow_weak) as bench:
        with here.database.reading() as db:
            facts = facts_of(db, find_implementation(db, implementation))
        review = bench.review(source, facts=facts)
        if review.findings:
            click.echo(draw_findings(file, [finding_json(one) for one in review.findings]), err=not review.ok)
        if not review.ok:
            click.echo(f"{implementation} is as it was: correct the errors and activate again.", err=True)
            raise SystemExit(ANSWER_IS_NO)
        version = here.commit(
            lambda db: activate_reviewed(
                db, find_implementation(db, implementation), source, review, audit_context(), author=whoami()
            )
        ).value
        with here.database.reading() as db:
            missing = versions.settings_missing(find_implementation(db, implementation), version)
    click.echo(f"Version {version.number} is in service for {implementation}.")
    if missing:
        click.echo(
            f"It reads settings that {implementation} does not have, so its runs fail there: {', '.join(missing)}. "
            f"Set them: session-status implementation set {implementation} script_settings='{{...}}'",
            err=True,
        )


@contextmanager
def open_bench(*, allow_weak: bool) -> Iterator[TrialSandbox]:
    """Start the jail, or say why this machine cannot."""
    try:
        with TrialSandbox(allow_weak=allow_weak) as bench:
            yield bench
    except TrialSandboxUnsafeError as error:
        raise CommandFailed(
            f"Scripts cannot run on this machine: {error}\n"
            "`session-status doctor` says more. --allow-weak goes on nevertheless, for scripts you trust."
        ) from error


def side_by_side(work: Callable[[Any], T], items: Sequence[Any]) -> Iterable[T]:
    """Do the work for all items, as many at a time as there are processors; give the results in the items' order."""
    with ThreadPoolExecutor(
        max_workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    ) as pool:
        yield from pool.map(work, items)


def hosts_of(listed: str) -> tuple[str, ...]:
    """Read a comma list of host names. Raises click.BadParameter."""
    try:
        return trial_input.hosts([host.strip() for host in listed.split(",") if host.strip()])
    except trial_input.InputError as error:
        raise click.BadParameter(str(error), param_hint="--link-hosts") from None


def read_facts(implementation: str) -> ImplementationFacts:
    """What a script of this implementation can use. Raises CommandFailed if there is no such implementation."""
    with open_context() as here, here.database.reading() as db:
        return facts_of(db, find_implementation(db, implementation))


def checked(
    bench: TrialSandbox, file: str, hosts: Sequence[str] | None, facts: ImplementationFacts | None
) -> dict[str, Any]:
    """What there is to say about one file, as JSON values."""
    source, fault = read_source(file)
    if source is None:
        return {"file": file, "ok": False, "findings": [finding_json(unreadable_finding(fault))]}
    review = bench.review(source, hosts, facts)
    return {"file": file, "ok": review.ok, "findings": [finding_json(one) for one in review.findings]}


def tried(bench: TrialSandbox, case: TrialCase) -> Trial:
    """One file on trial."""
    if case.source is None:
        return refused_trial((unreadable_finding(case.fault),))
    return bench.run(case.source, case.terms, case.powers())
