"""Where a zygote's interpreter begins: the one place that joins the zygote and the language layer."""

from __future__ import annotations

from sandbox import language

from . import startup


def main() -> None:
    """Be the zygote of the product."""
    startup.main(language)
