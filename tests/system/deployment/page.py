"""docs/operations.md as an operator follows it: its commands are read out of the page and run."""

import os
import re
import shlex
import subprocess
from http.cookies import SimpleCookie

from click.testing import CliRunner

from tests.support.postgres import installed
from tests.system.deployment.proxy import ROOT
from web.cli import main

PAGE = (ROOT / "docs" / "operations.md").read_text()


def commands(name):
    """The lines of the page's block of this name."""
    return re.search(rf"^```{name}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1].splitlines()


class Shell:
    """Runs lines in a folder with the settings; our own command in this process, which is quicker."""

    def __init__(self, folder, env):
        server = installed()
        path = [*([str(server)] if server else []), os.environ["PATH"]]
        self.folder, self.env = folder, env | {"PATH": ":".join(path)}

    def run(self, line, *, stdin=None, **settings):
        """Run one line; return its exit status and all that it said."""
        words = shlex.split(line)
        if words[0] == "session-status":
            result = CliRunner().invoke(main, words[1:], env=self.env | settings, input=stdin)
            if result.exception and not isinstance(result.exception, SystemExit):
                raise result.exception
            return result.exit_code, result.output
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            umask=0o022,  # as a shell of root has it
            env=self.env | settings,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    def must(self, line, **more):
        """Run a line that has to succeed; return what it said."""
        code, said = self.run(line, **more)
        assert code == 0, f"{line}: {said}"
        return said


def log_in(shell, ask, origin):
    """Log the first administrator in by a one-time address; return the address's path and the Cookie header of the login.

    `ask(path, method=, body=, headers=)` returns status, headers, body.
    """
    said = shell.must("session-status administrator link")
    path = re.search(rf"{re.escape(origin)}(/console/first/\S+)", said)[1]
    status, headers, page = ask(path)
    assert status == 200
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.decode())[1]
    form = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies(headers), "Origin": origin}
    status, headers, _ = ask(path, method="POST", body=f"csrf_token={token}", headers=form)
    assert (status, headers["Location"]) == (303, "/console/")
    return path, {"Cookie": cookies(headers)}


def cookies(headers):
    jar = SimpleCookie()
    for line in headers.get_all("Set-Cookie", []):
        jar.load(line)
    return "; ".join(f"{name}={one.value}" for name, one in jar.items())
