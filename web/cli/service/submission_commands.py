"""`session-status --service … script submit` and `script status`: hand a script in, and see what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from runner.trials.cases.case_folders import CaseFileError, CaseFolder, find_cases
from runner.trials.cases.case_runs import CaseRunner
from runner.trials.script_review import finding_json
from runner.trials.trial import TrialSandbox
from web.cli.authors.case_files import CommandCaseReader
from web.cli.authors.draw_cases import draw_cases
from web.cli.authors.trial_files import SCRIPT, read_source, script_path
from web.cli.authors.trial_sandboxes import allow_weak_option, open_sandbox, side_by_side
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.input_files import is_folder
from web.cli.common.render import INDENT, block, draw_findings
from web.cli.common.tables import print_compact
from web.cli.common.terminal_text import plain

from .service_client import ServiceClient, ServiceProblem, reads_answers

implementation_argument = click.argument("implementation")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on one line, with times in UTC.")


@click.command(
    "submit",
    epilog=examples(
        "session-status --service https://status.example.org script submit demo my_folder",
        'session-status --service https://status.example.org script submit demo my_folder --note "New texts"',
    ),
)
@implementation_argument
@click.argument("folder")
@click.option("--note", default="", help="What the reviewer should know.")
@click.option("--without-cases", is_flag=True, help="Hand the script in although no case is beside it.")
@json_option
@allow_weak_option
@click.pass_context
def submit(  # noqa: PLR0913 - the options of the command
    ctx: click.Context,
    implementation: str,
    folder: str,
    *,
    note: str,
    without_cases: bool,
    as_json: bool,
    allow_weak: bool,
) -> None:
    """Check a script, run its cases, and hand both in for review.

    FOLDER has a script.py and its cases, as those in scripts/examples. Nothing is sent if the check or a case fails. The
    service checks the script again, against its implementation. Needs --service, and an author token in SESSION_STATUS_TOKEN.
    Exit status: 1 if the check or a case fails, here or there.
    """
    client = ServiceClient.of(ctx, implementation)
    source, fault = read_source(folder)
    if source is None:
        raise CommandFailed(fault)
    cases = _cases(folder)
    if not cases and not without_cases:
        raise CommandFailed(
            f"{folder}: there is no case beside the script, which shows a reviewer what it does. Make one (an input.json and an "
            "expected.json), or use --without-cases."
        )
    with open_sandbox(allow_weak=allow_weak) as sandbox:
        _refuse_findings(sandbox, folder, source)
        _refuse_failures(sandbox, cases)
    try:
        told = client.post("/scripts/submissions", {"source": source, "note": note, "scenarios": scenarios_of(cases)})
    except ServiceProblem as problem:
        if "findings" not in problem.members:
            raise
        click.echo(draw_findings(script_path(folder), problem.members["findings"]), err=True)
        click.echo(f"session-status: {problem.message}", err=True)
        raise SystemExit(ANSWER_IS_NO) from problem
    if as_json:
        print_compact(told)
    else:
        _tell_handed_in(folder, told)


@reads_answers
def _tell_handed_in(folder: str, told: Mapping[str, Any]) -> None:
    click.echo(plain(f"Submission {told['number']} (version {told['version']}) waits for a review."))
    if told.get("superseded"):
        click.echo(plain(f"It takes the place of submission {told['superseded']}."))
    if told["findings"]:
        click.echo(draw_findings(script_path(folder), told["findings"]))


@click.command(
    "status",
    epilog=examples(
        "session-status --service https://status.example.org script status demo",
        "session-status --service https://status.example.org script status demo 3",
    ),
)
@implementation_argument
@click.argument("number", type=click.IntRange(min=1), required=False)
@json_option
@click.pass_context
@reads_answers
def status(ctx: click.Context, implementation: str, number: int | None, *, as_json: bool) -> None:
    """Show a submission: its state, the decision, and the comments that are meant for its author.

    Without NUMBER, the newest one. Needs --service, and an author token in SESSION_STATUS_TOKEN.
    """
    client = ServiceClient.of(ctx, implementation)
    if number is None:
        newest = client.get("/scripts/submissions", limit=1)["submissions"]
        if not newest:
            click.echo(f"{plain(implementation)} has no submission.")
            return
        number = newest[0]["number"]
    told = client.get(f"/scripts/submissions/{number}")
    if as_json:
        print_compact(told)
    else:
        click.echo("\n".join(submission_lines(told)))


def submission_lines(told: Mapping[str, Any]) -> Iterable[str]:
    """Format a submission for people. Times are in UTC."""
    state = plain(str(told["state"]).replace("_", " "))
    color = {"approved": "green", "rejected": "red", "changes requested": "yellow"}.get(state)
    number = plain(f"Submission {told['number']} (version {told['version']})")
    yield f"{number}: {click.style(state, fg=color, bold=True)}"
    yield from block("handed in", f"{told['submitted_at']} by {told['submitted_by']}", width=11)
    if told["review"]:
        yield from block("decided", f"{told['review']['at']} by {_reviewer(told['review'])}", width=11)
        if told["review"]["note"]:
            yield from block("note", told["review"]["note"], width=11)
    for comment in told["comments"]:
        where = plain(f"line {comment['line']}") if comment["line"] else "script"
        done = " (resolved)" if comment["resolved"] else ""
        yield from block(where, f"{comment['text']}{done}", width=11)
    if told["findings"]:
        yield f"{INDENT}The check says:"
        yield draw_findings(f"version {told['version']}", told["findings"])


def _reviewer(review: Mapping[str, Any]) -> str:
    """The reviewer by name, with the implementation whose provider knows them; by key if the name is not known."""
    name, key = review.get("reviewer_name"), str(review["reviewer"])
    return f"{name} ({key.partition('/')[0]})" if name else key


def scenarios_of(cases: Sequence[CaseFolder]) -> list[dict[str, Any]]:
    """Return the cases as a submission carries them. Raises CommandFailed for a file that cannot be read."""
    reader = CommandCaseReader()
    try:
        return [
            {
                "name": case.name,
                "input": reader.json(case.input) if case.input else {},
                "answers": reader.json(case.answers) if case.answers else [],
                "expected": reader.json(case.expected) if case.expected else {},
            }
            for case in cases
        ]
    except CaseFileError as fault:
        raise CommandFailed(str(fault)) from fault


def _cases(folder: str) -> list[CaseFolder]:
    if not is_folder(Path(folder)):
        return []
    try:
        found = find_cases(Path(folder))
    except CaseFileError as fault:
        raise CommandFailed(str(fault)) from fault
    mine = (Path(folder) / SCRIPT).absolute()
    return [case for case in found if case.script.absolute() == mine]  # not those of another script further inside


def _refuse_findings(sandbox: TrialSandbox, folder: str, source: str) -> None:
    review = sandbox.review(source)
    if not review.ok:
        click.echo(draw_findings(script_path(folder), [finding_json(one) for one in review.findings]), err=True)
        click.echo("session-status: The check finds errors, so nothing was sent.", err=True)
        raise SystemExit(ANSWER_IS_NO)


def _refuse_failures(sandbox: TrialSandbox, cases: Sequence[CaseFolder]) -> None:
    for script in dict.fromkeys(case.script for case in cases):
        mine = [case for case in cases if case.script == script]
        results = CaseRunner(sandbox, CommandCaseReader()).run(script, mine, side_by_side)
        if results.failed:
            click.echo(draw_cases(results.as_json()), err=True)
            click.echo("session-status: A case fails, so nothing was sent.", err=True)
            raise SystemExit(ANSWER_IS_NO)
