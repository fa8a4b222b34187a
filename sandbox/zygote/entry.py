"""The entry point of a zygote's interpreter: the only place that joins the zygote and the language layer."""

from __future__ import annotations

from sandbox.language import jailed_functions

from . import startup


def main() -> None:
    """Run the product's zygote."""
    startup.main(jailed_functions)
