"""`session-status script stage`, `widen`, `roll-back`, `suspend` and the rest: what an operator does with stored versions.

The rules are the records' (`records.changes.scripts.deployments`); each takes effect with the next request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from records import DbSession, Implementation
from records.changes.after_commit import AfterCommit
from records.changes.scripts import deployments
from records.scripts.deployments import LARGEST_SHARE, SMALLEST_SHARE
from runner.trials.submission import checked_script
from web.cli.authors.trial_files import read_source
from web.cli.authors.trial_sandboxes import allow_weak_option, open_sandbox
from web.cli.common.audit_context import audit_context, whoami
from web.cli.common.context import UNCHANGED, find_implementation, open_context
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.implementation_id import ImplementationId

from .lacking import anyway_option, commit_ready, without_of
from .script_commands import review_for

T = TypeVar("T")

implementation_argument = click.argument("implementation", type=ImplementationId())
version_argument = click.argument("version", type=click.IntRange(min=1))
share_option = click.option(
    "--share",
    type=click.IntRange(SMALLEST_SHARE, LARGEST_SHARE),
    required=True,
    help="Percent of the users who see it.",
)
reason_option = click.option("--reason", required=True, help="Why; the audit entry keeps it.")
optional_reason = click.option("--reason", default="", help="Why; the audit entry keeps it.")


@click.command(
    epilog=examples("session-status script store demo my_script.py", "session-status script store demo - < my.py")
)
@implementation_argument
@click.argument("file")
@allow_weak_option
def store(implementation: str, file: str, *, allow_weak: bool) -> None:
    """Check a script and store it as a version of IMPLEMENTATION that no user sees, to be staged or activated later.

    FILE may be a folder with a script.py, or - for standard input. Exit status: 1 when the check finds an error; then nothing changes.
    """
    source, fault = read_source(file)
    if source is None:
        raise CommandFailed(fault)
    with open_context() as here, open_sandbox(allow_weak=allow_weak) as sandbox:
        review = review_for(implementation, file, source, here, sandbox)
        if not review.ok:
            raise SystemExit(ANSWER_IS_NO)
        checked, by = checked_script(source, review), audit_context()
        after = here.commit(
            lambda db: deployments.store_text(db, find_implementation(db, implementation), checked, by, author=whoami())
        )
    click.echo(f"Version {after.value.number} is stored for {implementation}. No user sees it yet.")


@click.command(epilog=examples("session-status script stage demo 4 --share 10"))
@implementation_argument
@version_argument
@share_option
@click.option("--without-review", is_flag=True, help="Stage a version that was not approved; the audit entry says so.")
@anyway_option
@optional_reason
def stage(  # noqa: PLR0913 - click passes each argument by name
    implementation: str, version: int, share: int, reason: str, *, without_review: bool, anyway: bool
) -> None:
    """Let a share of the users of IMPLEMENTATION see VERSION. The others keep the active one.

    A user sees the same version at every request. If runs of VERSION fail for clearly more users than runs of the active
    version, the service reverts it by itself. Settings, connections and link hosts that VERSION needs must be there.
    """
    by, without = audit_context(reason), without_of(review=without_review, needs=anyway)
    commit(implementation, lambda db, owner: deployments.stage(db, owner, version, share, by, without=without))
    click.echo(f"Version {version} is staged for {share} % of the users of {implementation}.")


@click.command(epilog=examples("session-status script widen demo 4 --share 50"))
@implementation_argument
@version_argument
@share_option
@optional_reason
def widen(implementation: str, version: int, share: int, reason: str) -> None:
    """Let more users of IMPLEMENTATION see VERSION, which must be the staged one. Those who see it now keep it."""
    by = audit_context(reason)
    commit(implementation, lambda db, owner: deployments.widen(db, owner, share, by, expected=version))
    click.echo(f"Version {version} is staged for {share} % of the users of {implementation}.")


@click.command("activate-version", epilog=examples("session-status script activate-version demo 4"))
@implementation_argument
@version_argument
@click.option(
    "--without-review", is_flag=True, help="Activate a version that was not approved; the audit entry says so."
)
@anyway_option
@optional_reason
def activate_version(implementation: str, version: int, reason: str, *, without_review: bool, anyway: bool) -> None:
    """Let all users of IMPLEMENTATION see a stored VERSION; a staged one becomes active by this.

    Settings, connections and link hosts that VERSION needs must be there.
    """
    by, without = audit_context(reason), without_of(review=without_review, needs=anyway)
    after = commit(implementation, lambda db, owner: deployments.activate(db, owner, version, by, without=without))
    click.echo(f"Version {version} is active for {implementation}." if after.made else UNCHANGED)


@click.command("roll-back", epilog=examples('session-status script roll-back demo 4 --reason "wrong credits"'))
@implementation_argument
@click.argument("version", type=click.IntRange(min=1), required=False)
@click.option(
    "--to", type=click.IntRange(min=1), help="Version to return to. [default: the one that was active before]"
)
@reason_option
def roll_back(implementation: str, version: int | None, to: int | None, reason: str) -> None:
    """Take VERSION, the active one, back: all users of IMPLEMENTATION see the version that was active before it.

    A staged version is reverted, too. Leave VERSION out only if no version is active. A version that was reverted or
    suspended when users saw it last is never returned to; `activate-version` can activate it.
    """
    by = audit_context(reason)
    change = commit(implementation, lambda db, owner: deployments.roll_back(db, owner, by, expected=version, number=to))
    version = change.value.number
    click.echo(f"Version {version} is active for {implementation} again.")


@click.command(epilog=examples('session-status script revert demo 4 --reason "a text is too long"'))
@implementation_argument
@version_argument
@reason_option
def revert(implementation: str, version: int, reason: str) -> None:
    """Take VERSION, the staged one, back: all users of IMPLEMENTATION see the active one."""
    by = audit_context(reason)
    commit(implementation, lambda db, owner: deployments.revert(db, owner, by, expected=version))
    click.echo(f"Version {version} is no longer staged for {implementation}.")


@click.command(epilog=examples('session-status script suspend demo 4 --reason "shows other people\'s credits"'))
@implementation_argument
@version_argument
@reason_option
def suspend(implementation: str, version: int, reason: str) -> None:
    """Take VERSION from the users of IMPLEMENTATION, and keep it from them until it is reinstated.

    If it is the active version, nothing is shown until another one is activated, for example with `roll-back`.
    """
    after = commit(implementation, lambda db, owner: deployments.suspend(db, owner, version, audit_context(reason)))
    click.echo(f"Version {version} of {implementation} is suspended." if after.made else UNCHANGED)


@click.command(
    epilog=examples('session-status script reinstate demo 4 --reason "a fault of Python, not of the script"')
)
@implementation_argument
@version_argument
@reason_option
def reinstate(implementation: str, version: int, reason: str) -> None:
    """Allow a suspended VERSION of IMPLEMENTATION to be deployed again. This does not activate it."""
    commit(implementation, lambda db, owner: deployments.reinstate(db, owner, version, audit_context(reason)))
    click.echo(f"Version {version} of {implementation} can be deployed again.")


@click.command(epilog=examples('session-status script stop demo --reason "the vendor shows wrong credits"'))
@implementation_argument
@reason_option
def stop(implementation: str, reason: str) -> None:
    """Run no script of IMPLEMENTATION: its fallback text is shown, or nothing if it has none. Undo it with `go-on`."""
    after = commit(implementation, lambda db, owner: deployments.stop(db, owner, audit_context(reason)))
    click.echo(f"All scripts of {implementation} are stopped." if after.made else UNCHANGED)


@click.command("go-on", epilog=examples("session-status script go-on demo"))
@implementation_argument
@optional_reason
def go_on(implementation: str, reason: str) -> None:
    """Run the scripts of IMPLEMENTATION again after `stop`."""
    after = commit(implementation, lambda db, owner: deployments.go_on(db, owner, audit_context(reason)))
    click.echo(f"Scripts of {implementation} run again." if after.made else UNCHANGED)


def commit(slug: str, change: Callable[[DbSession, Implementation], AfterCommit[T]]) -> AfterCommit[T]:
    """Make a change to an implementation, and tell the running processes."""
    with open_context() as here:
        return commit_ready(here, slug, lambda db: change(db, find_implementation(db, slug)))
