"""The programs that `up` runs, in their order, and the text that it prints when all of them are ready."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from importlib import import_module
from pathlib import Path

import click

from runner.settings.operator_settings import Settings
from runner.settings.readers import address_and_port
from runner.store.worker_heartbeat import BACKGROUND, STATUS
from web.cli.operate import servers
from web.demo import vendor
from web.demo.agenda import IMPLEMENTATION, SCANNED, STORY, sample_session_title
from web.devidp import __main__ as idp
from web.loopback_server import HOST

from .supervisor import SupervisedProgram

DEMO_SCRIPT = Path(__file__).parents[3] / "scripts" / "examples" / "annual_meeting" / "script.py"
DEFAULT_PORT = 8000
PROBE_S = 2.0
OK = 200


@dataclass(frozen=True)
class Ports:
    """The ports of the parts of a local run."""

    service: int
    demo: int
    idp: int

    @classmethod
    def of(cls, port: int, demo_port: int | None, idp_port: int | None) -> Ports:
        """Return the chosen ports; the others follow the port of the service."""
        demo, idp = port + 1 if demo_port is None else demo_port, port + 2 if idp_port is None else idp_port
        return cls(port, demo, idp)

    def by_option(self) -> dict[str, int]:
        """Return the ports by their options."""
        return {"--port": self.service, "--demo-port": self.demo, "--idp-port": self.idp}

    @property
    def demo_url(self) -> str:
        """The address of the demo's app and vendors."""
        return f"http://{HOST}:{self.demo}"

    @property
    def idp_url(self) -> str:
        """The address of the development identity provider."""
        return f"http://{HOST}:{self.idp}"


def programs(env: Mapping[str, str], settings: Settings, ports: Ports) -> list[SupervisedProgram]:
    """Import the programs, and return them in the order of their start."""
    # The worker is a program of its own, of which the web room knows the name only.
    work: Callable[[str], int] = import_module("worker").run_from_environment
    logs = settings.data_folder / "logs"
    bound = address_and_port(settings.web_bind)[1]

    def program(name: str, main: Callable[[], int | None], log: str, is_ready: Callable[[], bool]) -> SupervisedProgram:
        return SupervisedProgram(name, main, env, logs / f"{log}.log", is_ready)

    def worker(name: str, log: str, queue: str) -> SupervisedProgram:
        return program(name, partial(work, queue), log, lambda: True)

    vendor_answers, idp_answers = answering(ports.demo, "/live/healthz"), answering(ports.idp, "/healthz")
    return [
        program("demo vendor", partial(vendor.main, [str(ports.demo)], env), "vendor", vendor_answers),
        program("identity provider", partial(idp.main, [str(ports.idp)], env), "identity-provider", idp_answers),
        *(worker(f"worker {number}", f"worker-{number}", STATUS) for number in range(1, settings.worker_processes + 1)),
        worker("background worker", "worker-background", BACKGROUND),
        program("web server", partial(servers.web.main, []), "web", answering(bound, "/readyz", b'"warnings":[]')),
    ]


def page(settings: Settings, ports: Ports, *, by_make: bool = False) -> str:
    """Return the text for newcomers. `by_make`: started by `make run`, so that `session-status` may not be on the PATH."""
    service = settings.public_url
    script = DEMO_SCRIPT.relative_to(Path.cwd()) if DEMO_SCRIPT.is_relative_to(Path.cwd()) else DEMO_SCRIPT
    return f"""
Session Status is running.

  {click.style(ports.demo_url + "/", bold=True)}   start here: a conference app with the widget in it

  1. Open "Sepsis in the first hour". It has just ended.
  2. Tap "Log in for session status info", and log in at the identity provider as Mei Chen: you come back to the session.
  3. Tap "Claim 1.0 CE credit" and claim it at the vendor: you come back, and it says "Credit claimed".

  {ports.demo_url}/badges   badges to print or to scan from the screen: Sam Rivera, staff, scans at "{sample_session_title(SCANNED)}"
  {service}/console/   the console, for staff: log in as Grace Okonkwo, administrator
  {ports.idp_url}/   the identity provider, for development only: log in as any of the sample people, without a password
  {ports.demo_url}/control/   make the vendors slow, failing, stale, busy, or push facts
  {service}/api/openapi.json   the API for apps

{other_terminal(settings.data_folder, by_make=by_make)}
  session-status status get {IMPLEMENTATION} {STORY} --user 165      what a user sees, and why
  session-status script run {script.parent}
  session-status script activate {IMPLEMENTATION} {script}     after a change to it

Logs: {settings.data_folder / "logs"}   Ctrl-C stops everything; the data stays.
"""


def other_terminal(data_folder: Path, *, by_make: bool) -> str:
    """Return what makes the commands work in another terminal: the PATH, and a data folder other than the default."""
    named = "" if data_folder == Path.cwd() / "data" else f"SESSION_STATUS_DATA_FOLDER={shlex.quote(str(data_folder))}"
    if by_make:
        return f"In another terminal, after `{f'{named} make shell'.strip()}` in this folder:"
    return f"In another terminal, after `export {named}`:" if named else "In another terminal:"


def answering(port: int, path: str, words: bytes = b"") -> Callable[[], bool]:
    """Return a check whether a page answers with 200 and contains these words."""

    def ask() -> bool:
        connection = HTTPConnection(HOST, port, timeout=PROBE_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status == OK and words in answer.read()
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return ask
