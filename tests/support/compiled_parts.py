"""What all applications of a process's tests have in common is compiled once: addresses of routes, and templates.

Each test has an application of its own, and compiling the same hundreds of routes and dozens of templates again would take
far longer than the test.
"""

from jinja2 import BytecodeCache
from werkzeug.routing import Rule

#: By what they are made from.
BUILDERS = {}


class KnownRule(Rule):
    """A route whose functions that build addresses are those of an equal route of an earlier application."""

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
