"""All commands of `session-status` together."""

from __future__ import annotations

from importlib.metadata import version

import click

from .common.errors import CommandGroup
from .local.up import up
from .operate.audit import audit_group
from .operate.doctor import doctor
from .operate.environment_marks import db_mark, store_group
from .operate.runs import runs_group
from .operate.servers import db_group, web, worker
from .operate.statuses import status_group
from .operate.store_empty import store_empty
from .scripts.case_commands import test_cases
from .scripts.explore_command import explore_script
from .scripts.script_commands import script
from .setup.access_tokens import users_token
from .setup.administrators import administrator
from .setup.agenda import sessions_group
from .setup.connections import connection
from .setup.implementations import implementation
from .setup.roles import role_group
from .setup.saml import saml_group
from .setup.users import users_group


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("session-status"), prog_name="session-status")
def main() -> None:
    """What a conference session shows an attendee: the service, its records, and the tools of script authors.

    To look around, start with `session-status up`. To write a script, start with `session-status script --help`.

    Exit status of every command: 0 all is well; 1 it did its work, and the answer is no (findings, a run that failed,
    faults in a file, something ill); 2 it could not do its work, and says what is wrong and what to do.
    """


db_group.add_command(db_mark)
users_group.add_command(users_token)
store_group.add_command(store_empty)
script.add_command(test_cases)
script.add_command(explore_script)

for command in (
    up,
    web,
    worker,
    db_group,
    store_group,
    doctor,
    implementation,
    connection,
    sessions_group,
    users_group,
    status_group,
    runs_group,
    script,
    administrator,
    role_group,
    saml_group,
    audit_group,
):
    main.add_command(command)
