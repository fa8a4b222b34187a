"""The bundled editor is what its lock file and its sources say. This needs no Node; building it again does (web/editor/build.mjs)."""

import hashlib
import json
import re

from tests.support import ROOT

SOURCES, OUT = ROOT / "web" / "editor", ROOT / "web" / "static" / "editor"
ASSETS = json.loads((OUT / "ASSETS.json").read_text())
AGAIN = "run `npm ci --ignore-scripts && node build.mjs` in web/editor"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_bundle_was_built_from_these_sources_and_this_lock_file():
    assert {name: sha256(SOURCES / name) for name in ASSETS["sources"]} == ASSETS["sources"], AGAIN
    assert set(ASSETS["sources"]) == {"build.mjs", "editor.mjs", "package-lock.json"}


def test_no_file_of_the_bundle_was_changed_added_or_lost():
    found = {path.name: sha256(path) for path in OUT.iterdir() if path.name != "ASSETS.json"}
    assert found == ASSETS["files"], AGAIN


def test_every_package_of_the_bundle_is_pinned_with_its_hash_and_has_its_licence():
    locked = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    notices = (OUT / "THIRD-PARTY-NOTICES.txt").read_text()
    for name, package in ASSETS["packages"].items():
        entry = locked[f"node_modules/{name}"]
        assert (entry["version"], entry["integrity"]) == (package["version"], package["integrity"])
        assert package["license"] == "MIT"
        assert f"== {name} {package['version']} (MIT)" in notices
    wanted = json.loads((SOURCES / "package.json").read_text())
    for version in (*wanted["dependencies"].values(), *wanted["devDependencies"].values()):
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_the_bundle_asks_no_other_host():
    text = (OUT / "editor.js").read_text()
    assert set(re.findall(r"https?://[\w./-]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert "eval(" not in text
    assert "new Function" not in text
