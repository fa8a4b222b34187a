"""Reads the files of cases as all files that are named on the command line are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.trials.cases.case_folders import CaseFileError
from web.cli.common.errors import CommandFailed
from web.cli.common.input_files import read_json, read_text


class CommandCaseReader:
    """`CaseReader` with the faults that commands report."""

    def text(self, file: Path) -> str:
        """The text of a script. Raises `CaseFileError`."""
        try:
            return read_text(str(file), "the script")
        except CommandFailed as fault:
            raise CaseFileError(fault.message) from fault

    def json(self, file: Path) -> Any:
        """The JSON value of a file. Raises `CaseFileError`."""
        try:
            return read_json(str(file), "the file")
        except CommandFailed as fault:
            raise CaseFileError(fault.message) from fault
