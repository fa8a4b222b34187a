"""`session-status script record`: saves what a vendor's test system answers as the answers of a case."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from records.plurals import counted
from runner.powers.answers.answer_recording import NotRecordableError, RecordedCalls
from runner.powers.answers.answer_redaction import KINDS, AnswerRedaction, texts_of
from runner.powers.recorded_powers import RecordedPowers
from runner.trials.author_vendors import (
    AuthorConnections,
    AuthorConnectionsError,
    AuthorVendors,
    SecretRequest,
    read_connections,
)
from runner.trials.trial import Trial, TrialSandbox
from runner.trials.trial_input import InputError, parse_input
from runner.trials.trial_terms import TrialTerms
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.input_files import is_file, is_folder, read_json, read_text
from web.cli.common.output_files import write_within
from web.cli.common.render import draw_trial
from web.cli.common.terminal_text import plain

from .trial_files import SCRIPT
from .trial_sandboxes import allow_weak_option, open_sandbox

CONNECTIONS = "connections.json"
#: Folders above the case in which its files are looked for.
_ABOVE = 5
#: Seconds of a run: test systems are slow.
_WALL_S = 30.0


@dataclass(frozen=True)
class _Case:
    """The files of the case that is recorded."""

    folder: Path
    source: str
    data: Any
    terms: TrialTerms
    connections: AuthorConnections


@click.command(
    "record",
    epilog=examples(
        "session-status script record my_script", "session-status script record my_script/claimed --overwrite"
    ),
)
@click.argument("folder", metavar="FOLDER")
@click.option("--overwrite", is_flag=True, help="Replace the answers.json and expected.json that are there.")
@click.option(
    "--allow-env",
    "allowed",
    metavar="NAME",
    multiple=True,
    help="Send the value of this environment variable, if connections.json names it; may be given several times.",
)
@allow_weak_option
def record(folder: str, *, overwrite: bool, allowed: tuple[str, ...], allow_weak: bool) -> None:
    """Run the script of a case against your test system, and save the answers and what was shown.

    FOLDER is one case, with an input.json in it or in a folder around it. connections.json, there as well, says where your
    test system is. It contains no secret: secret_env names the environment variable that has it. Before its value is sent
    anywhere you are asked, because the file may come from somebody else; --allow-env says yes beforehand.

    Secrets, tokens, e-mail addresses and names of people are replaced before anything is written; look through the files all
    the same. Use a made-up test person. Exit status: 1 if with the replaced answers another message comes out.
    """
    case = _read_case(folder, frozenset(allowed), overwrite=overwrite)
    with open_sandbox(allow_weak=allow_weak) as sandbox, AuthorVendors(case.connections) as vendors:
        recorded = RecordedCalls(vendors.powers())
        live = sandbox.run(case.source, case.terms, recorded)
        if live.findings:
            click.echo(draw_trial({"file": folder} | live.as_json()))
            raise SystemExit(ANSWER_IS_NO)
        redaction = AnswerRedaction(secrets=case.connections.secrets, kept=[*texts_of(case.data)])
        try:
            answers = recorded.entries(redaction)
        except NotRecordableError as error:
            raise CommandFailed(
                f"{error}, so it cannot be recorded. Use a made-up test person. Nothing was written."
            ) from None
        again = _replay(sandbox, case, answers)
    for name, value in (("answers.json", answers), ("expected.json", expected_of(again))):
        write_within(case.folder, name, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    click.echo(draw_trial({"file": folder} | again.as_json()))
    click.echo(f"Saved {counted(len(answers), 'answer')} in {plain(str(case.folder))}. {_replaced(redaction)}")
    if again.outcome is not live.outcome or shape(again) != shape(live):
        click.echo(
            "With the replaced answers the script does something else than with the real ones; it is above.", err=True
        )
        raise SystemExit(ANSWER_IS_NO)


def expected_of(trial: Trial) -> dict[str, Any]:
    """Return what a case expects that ends as this trial."""
    told = trial.as_json()
    if trial.error is not None:
        return {"outcome": told["outcome"], "error": {"type": told["error"]["type"]}}
    return {"outcome": told["outcome"], "message": told["message"]}


def shape(trial: Trial) -> tuple[Any, ...]:
    """Return what must be the same with real and with replaced answers: a text may have another name in it."""
    message = trial.message
    return (message is None, bool(message and message.link), message.color if message else None)


def _read_case(folder: str, allowed: frozenset[str], *, overwrite: bool) -> _Case:
    place = Path(folder)
    if not is_folder(place):
        raise CommandFailed(f"{folder}: there is no such folder. A case is a folder with an input.json.")
    for name in ("answers.json", "expected.json"):
        if is_file(place / name) and not overwrite:
            raise CommandFailed(f"{place / name}: this is there already. Use --overwrite, or another folder.")
    source = read_text(str(_nearest(place, SCRIPT)), "the script")
    data = read_json(str(_nearest(place, "input.json")), "INPUT")
    file = _nearest(place, CONNECTIONS)
    try:
        connections = read_connections(read_json(str(file), "the connections"), os.environ, partial(_may_send, allowed))
        terms = TrialTerms.alone(parse_input(data))
    except AuthorConnectionsError as error:
        raise CommandFailed(f"{file}: {error}.") from None
    except InputError as error:
        raise CommandFailed(f"{folder}: INPUT cannot be used: {error}.") from None
    return _Case(place, source, data, replace(terms, limits=replace(terms.limits, wall_s=_WALL_S)), connections)


def _may_send(allowed: frozenset[str], use: SecretRequest) -> bool:
    """Ask the author, if there is a terminal and the options do not say it."""
    if use.variable in allowed:
        return True
    if not _has_terminal():
        return False
    question = f"{CONNECTIONS} wants to send the value of {use.variable} to {' and '.join(use.hosts)}. Send it?"
    return click.confirm(plain(question), default=False, err=True)


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _nearest(place: Path, name: str) -> Path:
    around = [place.absolute(), *place.absolute().parents[:_ABOVE]]
    found = next((path / name for path in around if is_file(path / name)), None)
    if found is None:
        raise CommandFailed(f"{place}: there is no {name}, neither here nor in a folder around it.")
    return found


def _replay(sandbox: TrialSandbox, case: _Case, answers: list[dict[str, Any]]) -> Trial:
    return sandbox.run(case.source, case.terms, RecordedPowers(answers))


def _replaced(redaction: AnswerRedaction) -> str:
    told = [counted(number, KINDS[kind]) for kind, number in redaction.counts.items()]
    return f"Replaced: {', '.join(told)}." if told else "Nothing in them had to be replaced."
