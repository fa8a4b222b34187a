"""How a process of ours writes its log: one line for each event, to standard error."""

from __future__ import annotations

import logging

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def start_log(level: str) -> None:
    """Begin to log, for the process that serves or works; a second call changes nothing."""
    logging.basicConfig(level=level, format=FORMAT)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it speaks at each question for the schema's version
