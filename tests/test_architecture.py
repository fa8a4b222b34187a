"""Holds the table of rooms in docs/architecture.md: who may import whom, and which library has which home."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

ROOMS = ("sandbox", "records", "runner", "web", "worker")

#: room -> the other rooms which it may import
MAY_IMPORT = {
    "sandbox": set(),
    "records": set(),
    "runner": {"sandbox", "records"},
    "web": {"runner", "records"},
    "worker": {"runner"},
}

#: library -> the only places (files or folders, below the root) which may import it
HOMES = {
    "RestrictedPython": ("sandbox/language/",),
    "sqlalchemy": ("records/",),
    "alembic": ("records/",),
    "cryptography": ("records/",),
    "redis": ("runner/", "worker.py"),
    "hiredis": ("runner/store/thread_connections.py", "runner/store/reply_queue.py"),
    "rq": ("runner/queues/", "worker.py"),
    "urllib3": ("runner/powers/http/exchange.py",),
    "regex": ("records/message_text.py",),
    "idna": ("records/host_names.py",),
    "openpyxl": ("records/agenda/workbook.py", "records/attendance/report/report_files.py"),
    "itsdangerous": (
        "web/auth/logins.py",
        "runner/status/returns/return_tokens.py",
        "runner/mail/unsubscribe_tokens.py",
    ),
    "flask": ("web/",),
    "jinja2": ("web/templating.py", "runner/mail/mail_templates.py"),
    "flask_login": ("web/auth/staff/staff_member.py",),
    "granian": (
        "web/server/granian_server.py",
        "web/server/wsgi_bridge.py",
        "web/server/request_head.py",
        "web/server/request_body.py",
        "web/server/response_body.py",
    ),
    "click": ("web/cli/",),
    "onelogin": ("web/auth/saml/protocol/xml/library.py",),
    "lxml": ("web/auth/saml/", "web/devidp/"),
    "xmlsec": ("web/auth/saml/protocol/xml/library.py", "web/devidp/"),
    "joserfc": ("web/auth/external/assertions.py",),
    "flask_wtf": ("web/",),
    "wtforms": ("web/",),
    "smtplib": ("runner/mail/",),
    "PIL": ("runner/attendance/image_decoder.py",),
    "zxingcpp": ("runner/attendance/image_decoder.py", "runner/attendance/code_drawing.py"),
    "pypdfium2": ("runner/attendance/image_decoder.py",),
    "ctypes": (
        "sandbox/jail/",
        "sandbox/zygote/startup.py",
        "runner/store/server_guard.py",
        "web/cli/local/die_with_parent.py",
    ),
    "pickle": (),
    "dill": (),
}

#: folder -> the folders in it, the lowest first: a folder imports only those before it. A room is a folder, too.
ORDER = {
    "sandbox": ("jail", "language", "zygote", "tracing"),
    "sandbox/language": ("rules", "check", "run", "tracing"),
    "sandbox/language/check": ("text", "constructs", "api"),
    "sandbox/language/run": ("values", "guards", "standard_library"),
    "records": (
        "storage",
        "tenants",
        "people",
        "identity",
        "agenda",
        "scripts",
        "trials",
        "attendance",
        "webhooks",
        "facts",
        "maintenance",
        "support",
        "notices",
        "changes",
    ),
    "records/attendance": (
        "badge_formats",
        "ledger",
        "roster",
        "phones",
        "figures",
        "report",
        "questions",
        "retention",
    ),
    "records/changes": ("scripts", "attendance"),
    "runner": (
        *(
            "settings",
            "logs",
            "store",
            "health",
            "logins",
            "queues",
            "pressure",
            "status",
            "explanations",
            "powers",
            "runs",
            "trials",
            "checks",
            "mail",
            "attendance",
            "background",
        ),
    ),
    "runner/background": ("ahead",),
    "runner/runs": ("draining",),
    "runner/powers": ("connections", "http", "answers"),
    "runner/status": ("outdating", "returns", "asking"),
    "runner/trials": ("cases", "explore", "replay", "rehearsal"),
    "runner/trials/explore": ("moves",),
    "web": (
        *(
            "forms",
            "middleware",
            "auth",
            "root",
            "status",
            "console",
            "authors",
            "scanner",
            "hooks",
            "health",
            "openapi",
            "widget",
            "own_attendance",
            "unsubscribe",
        ),
        *("server", "devidp", "demo", "cli"),
    ),
    "web/auth": ("login_steps", "external", "app", "saml", "login_choice", "staff"),
    "web/auth/saml": ("protocol",),
    "web/auth/saml/protocol": ("xml", "messages"),
    "web/console": ("layout", "people", "settings", "runs", "scripts", "attendance"),
    "web/console/attendance": ("decisions",),
    "web/console/scripts": ("source", "deploying", "rehearsals", "trials", "pane"),
    "web/console/settings": (
        "agenda",
        "general",
        "attendance",
        "devices",
        "badges",
        "roster",
        "webhook",
        "facts",
        "connections",
        "identity",
        "external",
    ),
    "web/demo": ("badges", "facts"),
    "web/cli": ("common", "setup", "operate", "attendance", "authors", "service", "scripts", "local"),
}
#: Modules of one folder, besides its front page.
MOST_MODULES = 15


def sources() -> list[Path]:
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return [*found, ROOT / "worker.py"]


@functools.cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file, which is forgotten after these tests: all of them together are large."""
    return ast.parse(path.read_text())


@pytest.fixture(scope="module", autouse=True)
def _forget_trees() -> Iterator[None]:
    yield
    parsed.cache_clear()


@functools.cache
def imports(path: Path) -> list[tuple[int, str, bool]]:
    """Line, dotted name and whether it stands inside a function, for each absolute import of a file."""
    tree = parsed(path)
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name, id(node) in inside) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, name, id(node) in inside) for name in sorted(targets(path, node))]
    return found


def targets(path: Path, node: ast.ImportFrom) -> set[str]:
    """The modules which `from … import a, b` reaches: submodules by name, else the module that it names."""
    package = path.relative_to(ROOT).parent.parts
    start = package[: len(package) - node.level + 1] if node.level else ()
    module = (*start, *(node.module or "").split(".")) if node.module else start
    folder = ROOT.joinpath(*module)
    submodules = {a.name for a in node.names if (folder / f"{a.name}.py").exists() or (folder / a.name).is_dir()}
    found = {".".join((*module, name)) for name in submodules}
    if len(submodules) < len(node.names):
        found.add(".".join(module))
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_its_room_may(path):
    where = path.relative_to(ROOT).as_posix()
    room = where.split("/")[0].removesuffix(".py")
    for line, name, inside_function in imports(path):
        top = name.split(".")[0]
        assert not inside_function, f"{where}:{line} imports {name} inside a function"
        if top in ROOMS and top != room:
            assert top in MAY_IMPORT[room], f"{where}:{line} room {room} may not import {name}"
        if room == "runner" and top == "sandbox":
            assert name == "sandbox", f"{where}:{line} only the sandbox's front page is for others, not {name}"
        if top in HOMES:
            assert where.startswith(HOMES[top]) if HOMES[top] else False, f"{where}:{line} {top} has another home"


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_by_module() -> dict[str, set[str]]:
    """Each module of ours with those of ours that it imports."""
    return {
        module_of(path): {name for _, name, _ in imports(path) if name.split(".")[0] in ROOMS} - {module_of(path)}
        for path in sources()
    }


def test_no_import_cycles_between_files():
    edges = imported_by_module()
    done: set[str] = set()

    def visit(module, way):
        assert module not in way, f"import cycle: {' -> '.join((*way[way.index(module) :], module))}"
        if module in done:
            return
        for target in sorted(edges.get(module, ())):
            visit(target, (*way, module))
        done.add(module)

    for module in sorted(edges):
        visit(module, ())


#: What starts a zygote: the sandbox, the check-up of `doctor`, and everything of the runner that has one.
STARTS_A_SANDBOX = {"Sandbox", "examine", "TrialSandbox", "start_jail", "jail_checkup", "start_jail_for_checks"}


def starts_a_sandbox(path: Path) -> bool:
    """Whether a file names what starts a zygote."""
    nodes = list(ast.walk(parsed(path)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {node.name for node in nodes if isinstance(node, ast.alias)}
    return bool(names & STARTS_A_SANDBOX)


def test_no_import_leads_from_the_web_server_to_what_starts_a_sandbox():
    """The process that faces the internet is denied what a jail needs, so it must not need a jail."""
    edges = imported_by_module()
    outside = [path for path in sources() if path.relative_to(ROOT).parts[0] != "sandbox"]
    starting = {module_of(path) for path in outside if starts_a_sandbox(path)}
    assert {"runner.trials.trial", "runner.runs.worker_services", "runner.checks.check_server"} <= starting
    web = [name for name in edges if name.startswith("web.") and not name.startswith("web.cli")]
    assert {"web.app", "web.server.granian_server"} <= set(web)
    ways = {name: (name,) for name in web}
    waiting = list(web)
    while waiting:
        name = waiting.pop()
        assert name not in starting, f"the web server can start a sandbox: {' -> '.join(ways[name])}"
        for target in edges.get(name, set()) - ways.keys():
            ways[target] = (*ways[name], target)
            waiting.append(target)


def folders() -> dict[str, set[str]]:
    """Each folder of the rooms with the folders in it. Migrations are no modules of ours to order."""
    found: dict[str, set[str]] = {}
    for path in sources():
        parts = path.relative_to(ROOT).parent.parts
        if "migrations" in parts:
            continue
        for depth in range(1, len(parts) + 1):
            inside = found.setdefault("/".join(parts[:depth]), set())
            if depth < len(parts):
                inside.add(parts[depth])
    return found


def test_no_folder_is_a_hall():
    modules = {folder: [p for p in (ROOT / folder).glob("*.py") if p.name != "__init__.py"] for folder in folders()}
    assert not {folder: len(found) for folder, found in modules.items() if len(found) > MOST_MODULES}


def test_the_order_of_folders_names_every_folder():
    assert {folder: set(order) for folder, order in ORDER.items()} == {k: v for k, v in folders().items() if v}


@pytest.mark.parametrize("folder", ORDER)
def test_folders_of_one_folder_import_one_way(folder):
    order, inside = ORDER[folder], folder.replace("/", ".") + "."
    wrong = []
    for path in (ROOT / folder).rglob("*.py"):
        here = path.relative_to(ROOT / folder).parts
        if len(here) == 1 or here[0] not in order:
            continue
        for line, name, _ in imports(path):
            there = name.removeprefix(inside).split(".")[0] if name.startswith(inside) else ""
            if there in order and order.index(there) > order.index(here[0]):
                wrong.append(f"{path.relative_to(ROOT)}:{line} {here[0]}/ is below {there}/")
    assert not wrong


@pytest.mark.parametrize("folder", sorted(folders()))
def test_a_folder_and_the_modules_beside_it_import_one_way(folder):
    """A module beside a folder is below it or above it, not both; nothing inside imports a front page around it."""
    inside = folder.replace("/", ".") + "."
    edges: dict[str, set[str]] = {}
    for path in (ROOT / folder).rglob("*.py"):
        here = path.relative_to(ROOT / folder).with_suffix("").parts
        if here[0] in ("__init__", "__main__", "migrations"):
            continue
        names = [name for _, name, _ in imports(path)]
        assert folder.replace("/", ".") not in names, f"{path.relative_to(ROOT)} imports a front page around it"
        there = {name.removeprefix(inside).split(".")[0] for name in names if name.startswith(inside)}
        edges.setdefault(here[0], set()).update(there - {here[0]})
    left = dict(edges)
    while low := [name for name, others in left.items() if not others & left.keys()]:
        for name in low:
            del left[name]
    assert not {name: others & left.keys() for name, others in left.items()}


def test_no_public_class_name_stands_twice():
    """Otherwise a reader has to find out which one is meant, each time."""
    homes: dict[str, list[str]] = {}
    for path in sources():
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(path.relative_to(ROOT).as_posix())
    assert not {name: found for name, found in homes.items() if len(found) > 1}


def test_files_stay_short():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in sources()
        if (lines := len(path.read_text().splitlines())) > 300 and "migrations" not in path.parts
    }
    assert not long


#: What opens a database or a store -> the files that may open one whatever it was made for, with the reason.
OPENERS = {
    "Database": {"web/cli/operate/environment_marks.py": "changes the mark"},
    "connect": {
        "runner/health/doctor_checks.py": "reads the mark",
        "runner/store/mark_administration.py": "reads and changes the mark",
    },
    "connect_queue": {},
    "connect_brief": {},
    "connect_once": {},
}


def test_whatever_opens_a_database_or_a_store_says_in_which_environment_it_runs():
    """Otherwise a process of development could work on production, or the other way round."""
    bare = []
    for path in sources():
        where = path.relative_to(ROOT).as_posix()
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in OPENERS:
                continue
            if imported_from(path, node.func.id) not in ("records", "records.storage.database", "runner.store.clients"):
                continue
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if not given.get("environment", "").endswith("settings.environment"):
                bare += [f"{where}:{node.lineno}"] if where not in OPENERS[node.func.id] else []
    assert not bare


def imported_from(path: Path, name: str) -> str:
    """The module from which a file takes a name; "" for one of its own. Two rooms call something else `connect`."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and any(one.name == name for one in node.names):
            package = ".".join(path.relative_to(ROOT).parent.parts[: len(path.relative_to(ROOT).parts) - node.level])
            return ".".join(filter(None, (package if node.level else "", node.module)))
    return ""


def test_sessions_of_the_agenda_are_made_and_retired_by_the_one_rule_for_imports_only():
    """Otherwise a second way to import would have checks, an undo and audit entries of its own, or none."""
    rule, writers = "records/agenda/agenda_imports.py", set()
    for path in sources():
        for node in ast.walk(parsed(path)):
            made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "AgendaSession"
            retired = isinstance(node, ast.Attribute) and node.attr == "retired_at" and isinstance(node.ctx, ast.Store)
            if made or retired:
                writers.add(path.relative_to(ROOT).as_posix())
    assert writers == {rule}


#: What sets up logging -> the one file which may.
LOG_SETUP = (
    "basicConfig",
    "dictConfig",
    "fileConfig",
    "StreamHandler",
    "FileHandler",
    "setFormatter",
    "captureWarnings",
)


def test_one_file_configures_logging():
    """Otherwise lines of some process would have another form, no ids, and whatever line breaks a stranger sends."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in LOG_SETUP
    }
    assert found == {"runner/logs/process_log.py"}


#: Who may write an audit entry outside of the records, with the reason: none of these is a change.
NOTERS = {
    "web/auth/login_steps/admission.py": "a login of staff",
    "web/auth/login_steps/refusals.py": "a refused login",
    "web/console/settings/external/login_test.py": "a tested login",
}

#: Rules that write rows of what people can change, by module. Only `records/changes/` may call them, within the records
#: other rules, too.
WRITERS = {
    "records.agenda.agenda_imports": {"import_file", "undo"},
    "records.attendance.corrections": {"add", "void"},
    "records.attendance.devices": {"make", "revoke"},
    "records.attendance.ledger.erasure": {"erase", "erase_all"},
    "records.attendance.ledger.removal": {"delete_marked", "mark"},
    "records.attendance.questions.decisions": {"forget", "keep"},
    "records.attendance.questions.disputes": {"answer", "forget_answered", "make"},
    "records.attendance.phones.saved_scans": {"store"},
    "records.attendance.phones.undone_scans": {"undo"},
    "records.attendance.refused_scans": {"erase"},
    "records.facts.fact_storage": {"forget"},
    "records.facts.hook_secrets": {"make", "revoke"},
    "records.identity.external_auth": {"remove", "save"},
    "records.identity.saml_providers": {
        *("accept", "new_sp_keys", "propose", "refuse", "remove", "retire", "roll_sp_key", "save", "switch_sp_key"),
    },
    "records.maintenance.resealing": {"reseal_all"},
    "records.people.administrators": {"new_link", "use_link"},
    "records.people.grants": {"add", "remove"},
    "records.people.users": {"disable", "enable", "hand_over", "remember"},
    "records.scripts.author_tokens": {"make", "revoke"},
    "records.scripts.deployments": {"activate", "revert", "stage", "suspend", "widen"},
    "records.scripts.drafts": {"drop", "save"},
    "records.scripts.reviews": {"comment", "decide", "resolve"},
    "records.scripts.submissions": {"close", "submit", "withdraw"},
    "records.scripts.versions": {"add_version", "keep_needs", "reinstate"},
    "records.storage.environment_mark": {"change"},
    "records.tenants.connections": {"delete", "save"},
    "records.tenants.implementations": {"create", "update"},
}
#: Who else may call them, with the reason.
OTHER_CALLERS = {
    ("runner/runs/version_bundle.py", "keep_needs"): "what a new check of a stored text found",
}

#: What opens a transaction that writes in `web/`, with the reason. A change goes through one of the first two.
TRANSACTIONS = {
    "web/console/commits.py": "the changes of pages",
    "web/cli/common/context.py": "the changes of commands",
    "web/cli/local/up.py": "the demo, before any process runs",
    "web/cli/operate/environment_marks.py": "a mark, on a database that is opened whatever it is for",
    "web/cli/operate/store_empty.py": "the store is emptied before the commit of its entry",
    "web/auth/login_steps/admission.py": "logins",
    "web/auth/login_steps/refusals.py": "refused logins",
    "web/auth/saml/login_flow.py": "our keys are made when they are first needed",
    "web/console/settings/identity/our_certificates.py": "our keys are made when they are first needed",
    "web/console/settings/agenda/views.py": "an uploaded file waits to be looked at, and changes nothing",
    "web/console/settings/roster/views.py": "an uploaded file waits to be looked at, and changes nothing",
    "web/console/settings/badges/job_views.py": "an uploaded image waits to be read, and changes nothing",
    "web/console/settings/external/login_test.py": "tested logins",
    "web/authors/token_access.py": "when an author token was used last",
    "web/scanner/scan_storage.py": "scans, which the ledger records with who made them",
    "web/hooks/views.py": "facts that vendors push, which nobody has typed",
    "web/devidp/__main__.py": "our keys are made when they are first needed",
}


@functools.cache
def calls_to(path: Path) -> list[tuple[str, str]]:
    """Module and function of each call of a file, as `module.function(...)` or by a name that was imported."""
    tree, modules, functions = parsed(path), {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parent.parts
            start = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*start, node.module) if node.module else start)
            for name in node.names:
                modules[name.asname or name.name] = f"{module}.{name.name}"
                functions[name.asname or name.name] = (module, name.name)
    found = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            found.append((modules.get(node.func.value.id, ""), node.func.attr))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
            found.append(functions[node.func.id])
    return found


def outside_of_the_records() -> list[tuple[str, Path]]:
    found = [(path.relative_to(ROOT).as_posix(), path) for path in sources()]
    return [(where, path) for where, path in found if not where.startswith("records/")]


def test_an_audit_entry_is_written_by_the_records_only_but_for_logins():
    """Otherwise an edge would make a change of its own, or tell of one in other words than its sibling."""
    noters = {where for where, path in outside_of_the_records() if ("records.audit", "append") in calls_to(path)}
    assert noters == set(NOTERS)


def test_what_people_can_change_is_changed_by_the_one_function_for_it_only():
    """Otherwise one edge would forget the audit entry, the announcement or the ended logins."""
    callers = {
        (where, function)
        for where, path in outside_of_the_records()
        for module, function in calls_to(path)
        if function in WRITERS.get(module, ())
    }
    assert callers == set(OTHER_CALLERS)


def test_each_rule_that_writes_is_there():
    """A rule that was renamed would be watched no longer."""
    for module, functions in WRITERS.items():
        text = (ROOT / f"{module.replace('.', '/')}.py").read_text()
        names = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
        imported = {
            a.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom) for a in node.names
        }
        assert functions <= names | imported, module


def test_a_transaction_that_writes_is_opened_by_the_helper_of_each_edge_and_a_few_that_change_nothing():
    """Otherwise a view or a command could forget what follows a commit."""
    openers = {
        where
        for where, path in outside_of_the_records()
        if where.startswith("web/")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "session"
    }
    assert openers == set(TRANSACTIONS)
