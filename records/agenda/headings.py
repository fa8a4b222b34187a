"""The headings of an agenda file: what each column is, and what an unknown heading may have been meant to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice

from .csv_file import heading_key
from .file_faults import FileFault, quoted

#: The known columns, as they are written, and the field of each. Any other column is an attribute.
COLUMNS = {
    "ID": "session_id",
    "Title": "title",
    "Start Time": "starts_at",
    "End Time": "ends_at",
    "Location": "location",
    "Parent ID": "parent_id",
    "Credits": "credits",
}
REQUIRED = ("session_id", "title", "starts_at", "ends_at")
LABELS = {name: column for column, name in COLUMNS.items()}
_ALSO_CALLED = {"Session ID": "session_id", "Parent Session ID": "parent_id"}
_IN_TEXT = {name: column.lower().replace("id", "ID") for name, column in LABELS.items()}
KNOWN = {heading_key(heading): name for heading, name in (COLUMNS | _ALSO_CALLED).items()}

#: Words that people write for a column, as `heading_key` returns them. They only lead to a hint: an attribute may be meant.
_MAY_MEAN = {
    "session_id": ("code", "sessioncode", "number", "sessionnumber", "identifier"),
    "title": ("name", "sessiontitle", "sessionname"),
    "starts_at": ("start", "starts", "begin", "begins", "from", "startsat", "startdate"),
    "ends_at": ("end", "ends", "until", "to", "finish", "endsat", "enddate"),
    "location": ("room", "place", "venue", "hall", "where", "sessionlocation"),
    "parent_id": ("parent", "parentsession"),
    "credits": ("credit", "credithours", "cecredits", "cmecredits", "points"),
}
_MEANT = {word: name for name, words in _MAY_MEAN.items() for word in words}
#: How similar a misspelt heading must be to a known one, from 0 to 1.
_ALIKE = 0.8
#: Rows below the first among which the headings are searched for if the first row has none.
_LOOKED_AT = 20


@dataclass(frozen=True)
class FileColumns:
    """What each column is: a field, `+` and the name of an attribute, or "" for a column without a heading; and its heading."""

    names: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)

    @property
    def attributes(self) -> list[str]:
        """The headings that are kept as attributes."""
        return [name[1:] for name in self.names if name.startswith("+")]

    @property
    def known(self) -> bool:
        """Whether any heading is known."""
        return any(name in LABELS for name in self.names)


def near_misses(columns: FileColumns) -> list[str]:
    """Return a sentence for each attribute that may have been meant as a column that the file does not have."""
    meant = [(heading, _meant(heading)) for heading in columns.attributes]
    return [
        f"{quoted(heading)} is kept as an attribute. If it is the {_IN_TEXT[name]}, call the column {LABELS[name]}."
        for heading, name in meant
        if name and name not in columns.names
    ]


def missing(row: int, columns: FileColumns, below: Iterable[tuple[int, list[str]]]) -> list[FileFault]:
    """Return the faults of a heading without all required columns. `below`: the rows below it, as they are shown."""
    if columns.known:
        lacking = [LABELS[name] for name in REQUIRED if name not in columns.names]
        return [FileFault(row, column, "is missing") for column in lacking]
    *first, last = (LABELS[name] for name in REQUIRED)
    at = next((number for number, cells in islice(below, _LOOKED_AT) if _has_all(cells)), None)
    todo = (
        f"Row {at} has them: delete the rows above it"
        if at
        else f"It must have the columns {', '.join(first)} and {last}"
    )
    found = ", ".join(columns.attributes)
    return [FileFault(row, "", f"has no known heading. {todo}", found)]


def in_words(headings: Mapping[str, str]) -> list[str]:
    """Return the columns that were read, each with the file's own heading if that differs."""
    named = [(LABELS[name], headings[name]) for name in LABELS if name in headings]
    return [
        column if heading_key(column) == heading_key(heading) else f"{column} ({quoted(heading)})"
        for column, heading in named
    ]


def _has_all(cells: list[str]) -> bool:
    return {KNOWN.get(heading_key(cell)) for cell in cells} >= set(REQUIRED)


def _meant(heading: str) -> str:
    """Return the field that a heading may mean; "" for none."""
    key = heading_key(heading)
    if key in _MEANT:
        return _MEANT[key]
    alike = get_close_matches(key, KNOWN, n=1, cutoff=_ALIKE)
    return KNOWN[alike[0]] if alike else ""
