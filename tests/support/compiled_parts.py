"""What all applications and databases of a process's tests have in common is compiled once: routes, templates, and SQL.

Each test has an application and a database of its own, and compiling the same hundreds of routes, dozens of templates and
hundreds of statements again would take far longer than the test.
"""

from jinja2 import BytecodeCache
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

#: By what they are made from.
BUILDERS, PARTS, STATEMENTS = {}, {}, {}
#: Statements of all tests; more than one database remembers, because the tests of all parts meet in one process.
MOST_STATEMENTS = 5_000


class KnownRule(Rule):
    """A route that has the parts of an equal route of an earlier application, and its functions that build addresses."""

    def _parse_rule(self, rule):
        if rule not in PARTS:
            before = len(self._trace)
            parts = tuple(super()._parse_rule(rule))
            trace = self._trace[before:]
            PARTS[rule] = parts, trace, {name: self._converters[name] for is_name, name in trace if is_name}
            return parts
        parts, trace, converters = PARTS[rule]
        self._trace.extend(trace)
        self._converters.update(converters)
        self.arguments.update(converters)
        return parts

    def _compile_builder(self, append_unknown=True):  # noqa: FBT002 - as in the base class
        key = (self.rule, repr(self.defaults), tuple(self._trace), append_unknown)
        if key not in BUILDERS:
            BUILDERS[key] = super()._compile_builder(append_unknown)
        return BUILDERS[key]


class KnownTemplates(BytecodeCache):
    """Keeps templates in memory, by their name and text."""

    def __init__(self):
        self._codes = {}

    def load_bytecode(self, bucket):
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        self._codes[bucket.key, bucket.checksum] = bucket.code


class KnownDialect:
    """Makes equal dialects equal: a compiled statement is found by its dialect, and each engine makes one of its own."""

    def __eq__(self, other):
        return type(self) is type(other)

    def __hash__(self):
        return hash(type(self))


def pytest_configure():
    """Let all engines of a database system remember their compiled statements in one place."""
    DefaultDialect.__eq__, DefaultDialect.__hash__ = KnownDialect.__eq__, KnownDialect.__hash__

    @event.listens_for(Engine, "engine_connect")
    def remember_together(connection):
        engine = connection.engine
        engine._compiled_cache = STATEMENTS.setdefault(type(engine.dialect), LRUCache(MOST_STATEMENTS))
