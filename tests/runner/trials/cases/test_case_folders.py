"""Which folders are cases, and where each takes its files from."""

import pytest

from runner.trials.cases.case_folders import CaseFileError, find_cases


def write(folder, *files):
    folder.mkdir(parents=True, exist_ok=True)
    for name in files:
        (folder / name).write_text("{}")


def found(folder):
    return {
        case.name: tuple(None if path is None else path.relative_to(folder).as_posix() for path in files)
        for case in find_cases(folder)
        for files in [(case.script, case.input, case.answers, case.expected)]
    }


ALL = ("script.py", "input.json", "answers.json", "expected.json")


def test_what_a_case_lacks_is_taken_from_the_nearest_folder_around_it_file_by_file(tmp_path):
    write(tmp_path, *ALL)
    write(tmp_path / "a", "expected.json")
    write(tmp_path / "a" / "b", "input.json", "expected.json")
    write(tmp_path / "a" / "b" / "c", "answers.json")
    assert found(tmp_path) == {
        ".": ALL,
        "a": ("script.py", "input.json", "answers.json", "a/expected.json"),
        "a/b": ("script.py", "a/b/input.json", "answers.json", "a/b/expected.json"),
        "a/b/c": ("script.py", "a/b/input.json", "a/b/c/answers.json", "a/b/expected.json"),
    }


def test_a_folder_with_shared_files_only_is_no_case(tmp_path):
    write(tmp_path, "script.py", "answers.json")
    write(tmp_path / "before", "input.json", "expected.json")
    assert list(found(tmp_path)) == ["before"]


def test_a_folder_without_an_expectation_and_nothing_below_it_is_a_case_that_cannot_be_read(tmp_path):
    write(tmp_path, "script.py")
    write(tmp_path / "a", "input.json")
    assert found(tmp_path)["a"][3] is None


def test_the_script_of_an_inner_folder_is_found_around_it(tmp_path):
    write(tmp_path, *ALL)
    write(tmp_path / "a", "expected.json")
    (case,) = find_cases(tmp_path / "a")
    assert (case.name, case.script, case.input) == ("a", tmp_path / "script.py", tmp_path / "input.json")


def test_files_above_the_script_of_the_named_folder_are_not_taken(tmp_path):
    write(tmp_path, "input.json", "answers.json", "expected.json")
    write(tmp_path / "mine", "script.py", "input.json", "expected.json")
    (case,) = find_cases(tmp_path / "mine")
    assert case.answers is None


def test_several_scripts_below_one_folder_have_their_own_cases(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, *ALL)
        write(tmp_path / name / "inner", "expected.json")
    cases = find_cases(tmp_path)
    assert [(case.script.parent.name, case.name) for case in cases] == [
        *(("one", "."), ("one", "inner"), ("two", "."), ("two", "inner")),
    ]


def test_hidden_folders_and_links_in_a_circle_are_left_out(tmp_path):
    write(tmp_path, *ALL)
    write(tmp_path / ".git", *ALL)
    (tmp_path / "again").symlink_to(tmp_path)
    assert list(found(tmp_path)) == ["."]


def test_a_folder_without_any_script_has_no_case(tmp_path):
    write(tmp_path / "a", "input.json", "expected.json")
    assert find_cases(tmp_path) == []


def test_a_tree_of_too_many_folders_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("runner.trials.cases.case_folders._MOST_FOLDERS", 3)
    for number in range(5):
        write(tmp_path / str(number), *ALL)
    with pytest.raises(CaseFileError, match="more than 3 folders"):
        find_cases(tmp_path)
