"""`session-status script`: what authors do on their own machine, and what is done with the records. Each command is loaded when it is called."""

from __future__ import annotations

import click

from .common.help_examples import examples
from .common.lazy_group import CommandEntry, LazyCommandGroup

_SUBMIT, _STATUS = (f"web.cli.service.submission_commands:{name}" for name in ("submit", "status"))
_DIFF = "web.cli.service.version_commands:diff"
COMMANDS = (
    CommandEntry(
        "activate",
        "web.cli.scripts.script_commands:activate",
        "Check a script, store it as a version of IMPLEMENTATION, and activate it at once.",
    ),
    CommandEntry(
        "activate-version",
        "web.cli.scripts.deployment_commands:activate_version",
        "Let all users of IMPLEMENTATION see a stored VERSION; a staged one becomes active by this.",
    ),
    CommandEntry(
        "check",
        "web.cli.authors.check_command:check",
        "Check scripts: show what is wrong, where, why, and what to write instead.",
        offline=True,
    ),
    CommandEntry(
        "deployments",
        "web.cli.scripts.life_lists:deployments_list",
        "List what is and was active or staged for IMPLEMENTATION, the newest first, with who and why.",
    ),
    CommandEntry(
        "explore",
        "web.cli.authors.explore_command:explore_script",
        "Find out what a script can show: every message that can be provoked, every way to fail, and the lines never reached.",
        offline=True,
    ),
    CommandEntry(
        "go-on", "web.cli.scripts.deployment_commands:go_on", "Run the scripts of IMPLEMENTATION again after `stop`."
    ),
    CommandEntry(
        "prepare",
        "web.cli.authors.prepare_command:prepare",
        "Run the function prepare of scripts in the real jail and show the facts that it returns.",
        offline=True,
    ),
    CommandEntry(
        "recheck",
        "web.cli.scripts.recheck:recheck",
        "Check all active and staged versions against this installation: its Python, its libraries, its rules for scripts.",
    ),
    CommandEntry(
        "rehearse",
        "web.cli.scripts.rehearse_command:rehearse_script",
        "Run a script for the people and sessions of IMPLEMENTATION: before each session, in its middle, and after it.",
    ),
    CommandEntry(
        "reinstate",
        "web.cli.scripts.deployment_commands:reinstate",
        "Allow a suspended VERSION of IMPLEMENTATION to be deployed again.",
    ),
    CommandEntry(
        "replay",
        "web.cli.scripts.replay_command:replay_script",
        "Run a script on the inputs of earlier runs of IMPLEMENTATION, and show for whom the message would be another.",
    ),
    CommandEntry(
        "revert",
        "web.cli.scripts.deployment_commands:revert",
        "Take VERSION, the staged one, back: all users of IMPLEMENTATION see the active one.",
    ),
    CommandEntry(
        "roll-back",
        "web.cli.scripts.deployment_commands:roll_back",
        "Take VERSION, the active one, back: all users of IMPLEMENTATION see the version that was active before it.",
    ),
    CommandEntry(
        "run",
        "web.cli.authors.run_command:run",
        "Run scripts in the real jail and show what an attendee would see.",
        offline=True,
    ),
    CommandEntry(
        "stage", "web.cli.scripts.deployment_commands:stage", "Let a share of the users of IMPLEMENTATION see VERSION."
    ),
    CommandEntry(
        "stop",
        "web.cli.scripts.deployment_commands:stop",
        "Run no script of IMPLEMENTATION: its fallback text is shown, or nothing if it has none.",
    ),
    CommandEntry(
        "store",
        "web.cli.scripts.deployment_commands:store",
        "Check a script and store it as a version of IMPLEMENTATION that no user sees, to be staged or activated later.",
    ),
    CommandEntry(
        "submissions",
        "web.cli.scripts.life_lists:submissions_list",
        "List the submissions of IMPLEMENTATION, the newest first; without one, all that wait for a decision.",
    ),
    CommandEntry(
        "suspend",
        "web.cli.scripts.deployment_commands:suspend",
        "Take VERSION from the users of IMPLEMENTATION, and keep it from them until it is reinstated.",
    ),
    CommandEntry(
        "status",
        _STATUS,
        "Show a submission: its state, the decision, and the comments that are meant for its author.",
        over_http=_STATUS,
    ),
    CommandEntry("submit", _SUBMIT, "Check a script, run its cases, and hand both in for review.", over_http=_SUBMIT),
    CommandEntry(
        "diff", _DIFF, "Show what changed from version BEFORE to version AFTER, as a unified diff.", over_http=_DIFF
    ),
    CommandEntry(
        "new",
        "web.cli.authors.new_command:new_script",
        "Make a folder with a script, its cases, types for editors, and a check for your own repository.",
        offline=True,
    ),
    CommandEntry(
        "dev",
        "web.cli.authors.dev_command:dev",
        "Check the script in FOLDER and run its cases at every save, and draw the messages as the phone shows them.",
        offline=True,
    ),
    CommandEntry(
        "record",
        "web.cli.authors.record_command:record",
        "Run the script of a case against your test system, and save the answers and what was shown.",
        offline=True,
    ),
    CommandEntry(
        "test",
        "web.cli.authors.case_commands:test_cases",
        "Run all cases in FOLDER and below it, and hold the results against what is expected.",
        offline=True,
    ),
    CommandEntry(
        "token",
        "web.cli.scripts.author_token_commands:token_group",
        "Make, list and revoke author tokens: an author's command line sends one instead of a login.",
        over_http="web.cli.service.version_commands:token",
    ),
    CommandEntry(
        "versions",
        "web.cli.scripts.life_lists:versions_list",
        "List the stored versions of IMPLEMENTATION, the newest first, with what became of each.",
        over_http="web.cli.service.version_commands:versions",
    ),
    CommandEntry(
        "widen",
        "web.cli.scripts.deployment_commands:widen",
        "Let more users of IMPLEMENTATION see VERSION, which must be the staged one.",
    ),
)


@click.group(
    "script",
    cls=LazyCommandGroup,
    entries=COMMANDS,
    epilog=examples(
        "session-status script new my_script",
        "session-status script dev my_script",
        "session-status script check my_script.py",
        "session-status script run my_script.py --input input.json --answers answers.json",
        "session-status script activate demo my_script.py",
        "session-status --service https://status.example.org script submit demo my_folder",
    ),
)
def script() -> None:
    """Check, run and deploy scripts.

    Each folder in scripts/examples contains all files that these commands read; docs/authors.md explains them.
    """
