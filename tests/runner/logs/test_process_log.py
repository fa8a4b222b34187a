"""The log of a process: one place sets it up, no stranger's words break a line, and no secret of the settings is in it."""

import json
import os
import re
from datetime import UTC, datetime, timedelta

import pytest

from runner.logs import line_ids
from runner.logs.process_log import hidden_texts
from runner.settings.operator_settings import Settings
from runner.status.service import StatusRequest
from tests.support import warm_start

KEY = "v3Rk-T0qZx8LmW2uYb7HcNs5Jd_Ea1PfGi9oQt4"
FORMATS = ("text", "json")
#: Line breaks of every kind, a terminal's escape, a backspace, DEL, C1, marks that turn text, half a surrogate.
BREAKS = [
    "\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\x1b[2K", "\b\b\b", "\x00", "\x7f", "\x9b1A",
    "\u202e", "\u2066", "\ud800",
]  # fmt: skip
FORGED = "2026-11-30 10:00:00,000 CRITICAL runner.runs.run_execution forged"
FIRST_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [a-z_.]+ ")

START = """
import json, logging, os, sys, threading, warnings
from runner.logs import line_ids
from runner.logs.process_log import start_log
from runner.settings.operator_settings import Settings
start_log(Settings.from_environment(os.environ, make=False))
log = logging.getLogger("web.of_a_test")
said = json.loads(sys.stdin.read())
"""


def logged(program, said, log_format, **env):
    """What a process writes that starts its log as ours do; `said` is what it is told."""
    given = {
        "SESSION_STATUS_LOG_FORMAT": log_format,
        "SESSION_STATUS_SECRET_KEY": KEY,
        "SESSION_STATUS_PUBLIC_URL": "https://status.example.org",
        "SESSION_STATUS_ENV": "production",
        "DATABASE_URL": "postgresql://status:database-pass@db/status",
        "REDIS_URL": "redis://:store%2Dpass@store:6379/0",
    }
    whole = f"{START}{program}\nraise SystemExit"
    done = warm_start.run("this", env=os.environ | given | env, typed=json.dumps(said), before=whole)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return done.stderr


@pytest.mark.parametrize("log_format", FORMATS)
def test_log_forging_a_line_break_or_control_character_in_a_value_begins_no_line(log_format):
    said = [f"x{mark}{FORGED}" for mark in BREAKS]
    written = logged('for each in said: log.warning("login refused user=%s", each)', said, log_format)
    lines = written.removesuffix("\n").split("\n")
    assert len(lines) == len(written.splitlines()) == len(BREAKS)
    assert all(line.isprintable() for line in lines)
    if log_format == "json":
        assert all(json.loads(line)["logger"] == "web.of_a_test" for line in lines)
    else:
        assert all(FIRST_LINE.match(line)[0].endswith("WARNING web.of_a_test ") for line in lines)


@pytest.mark.parametrize("log_format", FORMATS)
def test_log_forging_a_line_break_in_the_text_of_an_error_begins_no_event(log_format):
    program = """
for each in said:
    try:
        raise ValueError(each)
    except ValueError:
        log.exception("a bug")
"""
    said = [f"x{mark}{FORGED}" for mark in BREAKS]
    lines = logged(program, said, log_format).removesuffix("\n").split("\n")
    assert all(line.isprintable() for line in lines)
    if log_format == "json":
        assert [json.loads(line)["message"] for line in lines] == ["a bug"] * len(BREAKS)
        assert all("ValueError: x" in json.loads(line)["exception"] for line in lines)
        return
    begun = [line for line in lines if FIRST_LINE.match(line)]
    assert len(begun) == len(BREAKS)
    assert all(line.startswith("  | ") for line in lines if line not in begun)


def test_a_line_of_json_has_time_level_logger_message_and_ids():
    program = """
with line_ids.of_request("abc"), line_ids.of_run("def"):
    log.error("ended %s", said)
log.info("without")
log.debug("below the level")
"""
    first, second = (json.loads(line) for line in logged(program, "✓ é", "json").splitlines())
    at = datetime.fromisoformat(first.pop("time"))
    assert first == {
        "level": "ERROR", "logger": "web.of_a_test", "message": "ended ✓ é", "request": "abc", "run": "def",
    }  # fmt: skip
    assert timedelta() < datetime.now(UTC) - at < timedelta(minutes=1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", second["time"])
    assert second.keys() == {"time", "level", "logger", "message"}


def test_a_line_of_text_has_its_ids_before_the_message():
    program = 'with line_ids.of_request("abc"), line_ids.of_run("def"): log.error("ended %s", said)'
    assert logged(program, "é", "text").endswith(" ERROR web.of_a_test request=abc run=def ended é\n")


@pytest.mark.parametrize("log_format", FORMATS)
def test_secrets_of_the_settings_are_in_no_line_neither_in_a_message_nor_in_a_traceback(log_format):
    program = """
try:
    raise ValueError(" ".join(said))
except ValueError:
    log.exception("failed with %s", said)
"""
    said = [KEY, "postgresql://status:database-pass@db/status", "redis://:store%2Dpass@store", "store-pass"]
    written = logged(program, said, log_format)
    assert not any(secret in written for secret in (KEY, "database-pass", "store%2Dpass", "store-pass"))
    assert "postgresql://status" in written


def test_a_short_password_is_hidden_in_its_address_and_garbles_no_other_word():
    settings = Settings(environment="development", database_url="postgresql://a:status@db/x", redis_url="")
    assert hidden_texts(settings) == (":status@",)


@pytest.mark.parametrize("log_format", FORMATS)
def test_warnings_of_python_and_the_end_of_a_thread_go_through_the_log(log_format):
    program = """
warnings.warn(said)
thread = threading.Thread(target=lambda: said.missing, name="worn out")
thread.start()
thread.join()
"""
    written = logged(program, f"old\n{FORGED}", log_format)
    assert "a thread ended by an error name=worn out" in written
    assert "AttributeError" in written
    begun = [json.loads(line)["level"] for line in written.splitlines()] if log_format == "json" else [
        line.split()[2] for line in written.splitlines() if FIRST_LINE.match(line)
    ]  # fmt: skip
    assert begun == ["WARNING", "CRITICAL"]


def test_ids_end_with_their_block_also_by_an_error():
    def fail():
        with line_ids.of_run("one"):
            raise KeyError("lost")

    with line_ids.of_request("r"):
        with pytest.raises(KeyError, match="lost"):
            fail()
        assert line_ids.present() == {"request": "r"}
    assert line_ids.present() == {}


@pytest.mark.parametrize("log_format", FORMATS)
def test_the_lines_of_an_outage_go_through_the_log_and_hold_no_break_of_the_drivers_text(log_format):
    program = """
from runner.health.outages import OutageLog
OutageLog({}).store_lost(ConnectionError(said))
"""
    (line,) = logged(program, f"away\n{FORGED}", log_format).splitlines()
    assert "runner.health.outages" in line
    assert "the store does not answer ref=" in line


@pytest.mark.slow
def test_every_line_of_a_worker_is_json_and_those_of_a_run_carry_its_id(house, start_worker):
    house.add()
    worker = start_worker(SESSION_STATUS_LOG_FORMAT="json", SESSION_STATUS_LOG_LEVEL="INFO")
    states = {house.service.ask(StatusRequest("acme", "ann", "s1"), wait_s=0.8).state for _ in range(10)}
    assert "ready" in states
    assert worker.stop() == 0
    (run,) = house.runs()
    lines = [json.loads(line) for line in worker.log.read_text().splitlines()]
    assert [line["run"] for line in lines if line["message"].startswith("run ended")] == [run.id]
    assert {line.get("run") for line in lines} == {run.id, None}
    assert "worker ended" in {line["message"] for line in lines}
