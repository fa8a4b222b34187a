"""Faults as people read them: with the value, and those of one kind in one line."""

from __future__ import annotations

from records.agenda.file_faults import FileFault, as_lines, grouped, quoted


def test_300_rows_with_one_mistake_are_one_line_with_rows_and_values():
    faults = [FileFault(row, "Start Time", "is wrong", f"v{row % 5}") for row in range(302, 1, -1)]
    assert as_lines(faults) == [
        "301 rows: column Start Time: is wrong (rows 2, 3, 4, 5, 6, 7, 8, 9 and 293 more; found: “v2”, “v3”, “v4”)"
    ]
    (group,) = grouped(faults)
    assert (group.rows[0], group.rows[-1], group.values) == (2, 302, ("“v2”", "“v3”", "“v4”"))


def test_faults_that_name_something_are_gathered_by_their_kind_and_one_alone_keeps_its_words():
    double = [FileFault(row, "ID", f"is the same as in row {row - 1}", "S", "is the same as above") for row in (3, 5)]
    assert as_lines(double) == ["2 rows: column ID: is the same as above (rows 3, 5; found: “S”)"]
    assert as_lines(double[:1]) == ["Row 3, column ID: is the same as in row 2 (found: “S”)"]


def test_a_value_that_steers_a_terminal_or_never_ends_is_shown_harmless_and_short():
    assert quoted("\x1b[2J\u202etxt\n") == "“\ufffd[2J\ufffdtxt\ufffd”"
    assert quoted("x" * 1000) == "“" + "x" * 59 + "…”"
    assert "\x1b" not in as_lines([FileFault(2, "ID", "is wrong", "\x1b]0;x\x07")])[0]
