"""What all tests share: servers, browsers, people and vendors, started once in a run, and where the project lies."""

from pathlib import Path

#: The project's folder.
ROOT = Path(__file__).parents[2]
