"""Where cases are looked for: once, along real folders, and not far above."""

import os

from runner.trials.cases import case_folders
from tests.runner.trials.cases.test_case_folders import ALL, found, write


def test_the_folders_are_walked_once_however_many_cases_there_are(tmp_path, monkeypatch):
    write(tmp_path, *ALL)
    for number in range(20):
        write(tmp_path / f"{number}" / "inner", "expected.json")
    walks = []
    walk = os.walk
    monkeypatch.setattr(case_folders.os, "walk", lambda *args, **words: walks.append(args) or walk(*args, **words))
    assert len(found(tmp_path)) == 21
    assert len(walks) == 1


def test_what_a_folder_behind_a_link_lacks_comes_from_around_the_real_folder(tmp_path):
    write(tmp_path / "real", "script.py", "answers.json")
    write(tmp_path / "real" / "cases", "input.json", "expected.json")
    write(tmp_path / "elsewhere", "answers.json")
    (tmp_path / "elsewhere" / "link").symlink_to(tmp_path / "real" / "cases")
    (case,) = case_folders.find_cases(tmp_path / "elsewhere" / "link")
    assert (case.script, case.answers) == (tmp_path / "real" / "script.py", tmp_path / "real" / "answers.json")


def test_a_folder_behind_a_link_is_named_in_relative_words_if_it_was(tmp_path, monkeypatch):
    write(tmp_path / "real", "script.py")
    write(tmp_path / "real" / "cases", "input.json", "expected.json")
    (tmp_path / "link").symlink_to(tmp_path / "real" / "cases")
    monkeypatch.chdir(tmp_path)
    (case,) = case_folders.find_cases(case_folders.Path("link"))
    assert (str(case.script), str(case.input)) == ("real/script.py", "real/cases/input.json")


def test_a_script_far_above_the_named_folder_is_not_taken(tmp_path):
    write(tmp_path, "script.py")
    near = tmp_path / "1" / "2" / "3"
    write(near, "input.json", "expected.json")
    write(near / "4", "input.json", "expected.json")
    assert len(case_folders.find_cases(near)) == 2
    assert case_folders.find_cases(near / "4") == []


def test_a_script_above_the_repository_of_the_named_folder_is_not_taken(tmp_path):
    write(tmp_path, "script.py")
    write(tmp_path / "repository" / ".git")
    write(tmp_path / "repository" / "case", "input.json", "expected.json")
    assert case_folders.find_cases(tmp_path / "repository" / "case") == []
    write(tmp_path / "repository", "script.py")
    assert len(case_folders.find_cases(tmp_path / "repository" / "case")) == 1
