"""`session-status script`: check a script, run it in the real jail, and activate it.

Several files in one call share one jail and run in parallel; a broken or hostile one never stops the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from runner.trials import trial_input
from runner.trials.implementation_facts import ImplementationFacts, facts_of
from runner.trials.submission import activate as activate_reviewed
from runner.trials.trial import (
    ScriptReview,
    Trial,
    TrialSandbox,
    TrialSandboxUnsafeError,
    finding_json,
    refused_trial,
    unreadable_finding,
)
from web.cli.common.audit_context import audit_context, whoami
from web.cli.common.context import CommandContext, find_implementation, open_context
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
    """Check, run and deploy scripts.

    Each folder in scripts/examples contains all files that these commands read; docs/authors.md explains them.
    """


allow_weak_option = click.option(
    "--allow-weak",
    is_flag=True,
    help="Continue although the jail is not secure on this machine (macOS, some containers). Only for scripts you trust.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object for each file, each on one line."
)
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
@click.option(
    "--link-hosts", metavar="HOST,...", help="Hosts that messages may link to; any other host causes a warning."
)
@json_option
@allow_weak_option
def check(
    files: Sequence[str], implementation: str | None, link_hosts: str | None, *, as_json: bool, allow_weak: bool
) -> None:
    """Check scripts: show what is wrong, where, why, and what to write instead.

    The scripts are not run. FILE may be a folder with a script.py, or - for standard input. Exit status: 0 if no file has an
    error (there may be warnings), 1 otherwise.
    """
    hosts = None if link_hosts is None else parse_hosts(link_hosts)
    facts = None if implementation is None else read_facts(implementation)
    good = True
    with open_sandbox(allow_weak=allow_weak) as sandbox:
        for result in side_by_side(lambda file: check_file(sandbox, file, hosts, facts), files):
            good = good and result["ok"]
            if as_json:
                print_compact(result)
            else:
                click.echo(draw_findings(result["file"], result["findings"]) or f"{result['file']}: no findings")
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
    "--input",
    "input_file",
    metavar="INPUT.json",
    help="User, session, time and settings. [default: input.json beside FILE]",
)
@click.option(
    "--answers",
    "answers_file",
    metavar="ANSWERS.json",
    help="Recorded answers of vendors. [default: answers.json beside FILE, if INPUT is beside FILE too]",
)
@click.option(
    "--live",
    metavar="IMPLEMENTATION",
    help="Call the real vendors, with the connections of this implementation.",
)
@json_option
@allow_weak_option
def run(files: Sequence[str], live: str | None, *, as_json: bool, allow_weak: bool, **options: str | None) -> None:
    """Run scripts in the real jail and show what an attendee would see.

    INPUT contains user, session, now, settings, link_hosts and scans. ANSWERS contains recorded answers of vendors; a call
    without one fails. If INPUT has no link_hosts, a link may lead to any host. FILE may be a folder with a script.py, or - for
    standard input.

    Exit status: 0 if every run returned (even if nothing is shown), 1 if one did not, 2 if INPUT or ANSWERS cannot be used.
    """
    named = TrialFileOptions(**options)
    if live and named.answers_file:
        raise CommandFailed("--live calls the real vendors and --answers replaces them: use only one.")
    found = live_cases(files, named, live) if live else recorded_cases(files, named)
    good = True
    with found as cases, open_sandbox(allow_weak=allow_weak) as sandbox:
        for case, trial in zip(cases, side_by_side(lambda case: run_case(sandbox, case), cases), strict=True):
            result = {"file": case.file} | trial.as_json()
            good = good and trial.outcome.value == "returned"
            if as_json:
                print_compact(result)
            else:
                click.echo(draw_trial(result) + "\n")
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
    """Check a script, store it as a version of IMPLEMENTATION, and activate it at once.

    FILE may be a folder with a script.py, or - for standard input. Earlier versions stay stored. Exit status: 1 if the check
    finds an error; then nothing changes.
    """
    source, fault = read_source(file)
    if source is None:
        raise CommandFailed(fault)
    with open_context() as context, open_sandbox(allow_weak=allow_weak) as sandbox:
        review = review_for(implementation, file, source, context, sandbox)
        if not review.ok:
            click.echo(
                f"Nothing was changed for {implementation}. Correct the errors and activate the script again.", err=True
            )
            raise SystemExit(ANSWER_IS_NO)
        version = context.commit(
            lambda db: activate_reviewed(
                db, find_implementation(db, implementation), source, review, audit_context(), author=whoami()
            )
        ).value
    click.echo(f"Version {version.number} is now active for {implementation}.")
    if any(one.rule == "missing-setting" for one in review.findings):  # which ones, the findings say
        click.echo(
            "Its runs will fail until the missing settings are there: "
            f"session-status implementation set {implementation} script_settings='{{...}}'",
            err=True,
        )


def review_for(
    implementation: str, file: str, source: str, context: CommandContext, sandbox: TrialSandbox
) -> ScriptReview:
    """Check a script against an implementation, and print its findings: to standard error if one is an error."""
    with context.database.reading() as db:
        facts = facts_of(db, find_implementation(db, implementation))
    review = sandbox.review(source, facts=facts)
    if review.findings:
        click.echo(draw_findings(file, [finding_json(one) for one in review.findings]), err=not review.ok)
    return review


@contextmanager
def open_sandbox(*, allow_weak: bool) -> Iterator[TrialSandbox]:
    """Start the jail. Raises CommandFailed if this machine cannot."""
    try:
        with TrialSandbox(allow_weak=allow_weak) as sandbox:
            yield sandbox
    except TrialSandboxUnsafeError as error:
        raise CommandFailed(
            f"Scripts cannot run on this machine: {error}\n"
            "`session-status doctor` shows details. To continue nevertheless, with scripts you trust, use --allow-weak."
        ) from error


def side_by_side(work: Callable[[Any], T], items: Sequence[Any]) -> Iterable[T]:
    """Do the work for all items, in one thread for each processor; return the results in the order of the items."""
    with ThreadPoolExecutor(
        max_workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    ) as pool:
        yield from pool.map(work, items)


def parse_hosts(listed: str) -> tuple[str, ...]:
    """Parse a comma-separated list of host names. Raises click.BadParameter."""
    try:
        return trial_input.hosts([host.strip() for host in listed.split(",") if host.strip()])
    except trial_input.InputError as error:
        raise click.BadParameter(str(error), param_hint="--link-hosts") from None


def read_facts(implementation: str) -> ImplementationFacts:
    """Return what a script of this implementation can use. Raises CommandFailed if there is no such implementation."""
    with open_context() as context, context.database.reading() as db:
        return facts_of(db, find_implementation(db, implementation))


def check_file(
    sandbox: TrialSandbox, file: str, hosts: Sequence[str] | None, facts: ImplementationFacts | None
) -> dict[str, Any]:
    """Check one file; return its findings as JSON values."""
    source, fault = read_source(file)
    if source is None:
        return {"file": file, "ok": False, "findings": [finding_json(unreadable_finding(fault))]}
    review = sandbox.review(source, hosts, facts)
    return {"file": file, "ok": review.ok, "findings": [finding_json(one) for one in review.findings]}


def run_case(sandbox: TrialSandbox, case: TrialCase) -> Trial:
    """Run one file."""
    if case.source is None:
        return refused_trial((unreadable_finding(case.fault),))
    return sandbox.run(case.source, case.terms, case.powers())
