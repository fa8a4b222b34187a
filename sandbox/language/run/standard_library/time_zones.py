"""All time zones without files: their data is read once and stored as bytes, and a zone is built when a script names it.

In the jail no file can be opened, and building all zones in advance would waste memory in the zygote. Their data is 0.2 MB,
which all children share; compressed, each child that names a zone would need both.
"""

from __future__ import annotations

import io
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import tzdata  # type: ignore[import-untyped]  # it ships no types


class _Zones:
    """The data of all zones in one block, and the zones that were built so far."""

    def __init__(self) -> None:
        self._places: MappingProxyType[str, tuple[int, int]] = MappingProxyType({})
        self._data = b""
        self._built: dict[str, ZoneInfo] = {}

    def load(self) -> None:
        """Read the zone files; a second call does nothing."""
        if self._places:
            return
        folder = Path(tzdata.__file__).parent
        zones = f"{folder}/zoneinfo/"
        places: dict[str, tuple[int, int]] = {}
        known: dict[bytes, tuple[int, int]] = {}
        block = bytearray()
        for name in (folder / "zones").read_text(encoding="ascii").split():
            with io.FileIO(zones + name) as file:  # a path object for each of six hundred takes as long as the reading
                data = file.readall()
            if data not in known:
                known[data] = (len(block), len(data))
                block += data
            places[name] = known[data]
        self._data = bytes(block)
        self._places = MappingProxyType(places)

    def names(self) -> set[str]:
        """The names of all zones."""
        self.load()
        return set(self._places)

    def zone(self, key: str) -> ZoneInfo:
        """One zone. The same name gives the same object, as arithmetic with times expects."""
        if type(key) is not str:
            raise TypeError('ZoneInfo needs a name, for example "Europe/Paris"')
        self.load()
        if key not in self._built:
            if key not in self._places:
                raise ZoneInfoNotFoundError(f"No time zone found with key {key[:60]}")
            start, size = self._places[key]
            self._built[key] = ZoneInfo.from_file(io.BytesIO(self._data[start : start + size]), key=key)
        return self._built[key]


_ZONES = _Zones()

load_zones = _ZONES.load


def make_zone(key: str) -> ZoneInfo:
    """`ZoneInfo(key)`."""
    return _ZONES.zone(key)


def available_timezones() -> set[str]:
    """`zoneinfo.available_timezones()`."""
    return _ZONES.names()
