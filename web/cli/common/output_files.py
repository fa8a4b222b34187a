"""Writes files into a folder that a person named. The folder may be of somebody else, such as a vendor's repository."""

from __future__ import annotations

from pathlib import Path

from .errors import CommandFailed


def write_within(folder: Path, name: str, text: str) -> None:
    """Write a file into a folder. Raises CommandFailed if a link in it leads elsewhere: another file would be overwritten."""
    file = folder / name
    if not file.resolve().is_relative_to(folder.resolve()):
        raise CommandFailed(f"{file}: a link leads from here to a file outside {folder}. It was not written.")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
