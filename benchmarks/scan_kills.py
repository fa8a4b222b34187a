"""10,000 scans of a phone while its browser, the web server and the store are killed 20 times in the middle of their work."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.support.door_kills import dying_door, scan_through_kills


def measure(folder: Path, *, scans: int, kills: int, seed: int = 2026) -> dict[str, Any]:
    """Return how many of the confirmed scans the ledger lacks, or has twice, in the end."""
    begun = time.monotonic()
    with sync_playwright() as playwright, dying_door(folder, playwright.chromium) as (parts, door):
        result = scan_through_kills(parts, door, scans=scans, kills=kills, seed=seed)
    return {
        "confirmed": result.confirmed,
        "kills": result.kills,
        "seconds": round(time.monotonic() - begun, 1),
        "targets": {
            f"scans that the phone confirmed and the ledger lacks, of {result.confirmed:,}, after {kills} kills (0)": (
                result.lost,
                result.lost == 0,
            ),
            "scans that the ledger has twice, after the same kills (0)": (result.doubled, result.doubled == 0),
        },
    }
