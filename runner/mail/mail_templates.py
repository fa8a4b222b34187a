"""The templates of a mail's two bodies: plain text, and HTML in which everything that people wrote is escaped."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from records.plurals import counted

_ENVIRONMENT = Environment(
    loader=PackageLoader("runner.mail"),
    autoescape=select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals["counted"] = counted


def rendered(name: str, **values: Any) -> str:
    """Render a template of the folder."""
    return _ENVIRONMENT.get_template(name).render(**values)
