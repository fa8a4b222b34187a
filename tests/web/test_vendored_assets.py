"""What is bundled from packages of others is what the lock files and our sources say. This needs no Node; building it again does."""

import gzip
import hashlib
import json
import re

import pytest

from tests.support import ROOT

#: By name: the folder of the sources, and of what is built from them.
BUNDLES = ("editor", "decoder")
WORKER = ROOT / "web" / "static" / "decoder" / "worker.js"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Bundle:
    def __init__(self, name):
        self.sources, self.out = ROOT / "web" / name, ROOT / "web" / "static" / name
        self.assets = json.loads((self.out / "ASSETS.json").read_text())
        self.again = f"run `npm ci --ignore-scripts && node build.mjs` in web/{name}"


@pytest.fixture(params=BUNDLES)
def bundle(request):
    return Bundle(request.param)


def test_the_bundle_was_built_from_these_sources_and_this_lock_file(bundle):
    sources = bundle.assets["sources"]
    assert {name: sha256((bundle.sources / name).read_bytes()) for name in sources} == sources, bundle.again
    ignored = {"package.json", "node_modules"}  # the lock file repeats what the first says
    assert set(sources) == {path.name for path in bundle.sources.iterdir()} - ignored


def test_no_file_of_the_bundle_was_changed_added_or_lost(bundle):
    found = {path.name: sha256(path.read_bytes()) for path in bundle.out.iterdir() if path.name != "ASSETS.json"}
    assert found == bundle.assets["files"], bundle.again


def test_every_package_of_the_bundle_is_pinned_with_its_hash_and_has_its_licence(bundle):
    locked = json.loads((bundle.sources / "package-lock.json").read_text())["packages"]
    notices = (bundle.out / "THIRD-PARTY-NOTICES.txt").read_text()
    for name, package in bundle.assets["packages"].items():
        entry = locked[f"node_modules/{name}"]
        assert (entry["version"], entry["integrity"]) == (package["version"], package["integrity"])
        assert package["license"] == "MIT"
        assert f"== {name} {package['version']} (MIT)" in notices
    wanted = json.loads((bundle.sources / "package.json").read_text())
    for version in (*wanted["dependencies"].values(), *wanted.get("devDependencies", {}).values()):
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_the_editor_asks_no_other_host():
    text = (ROOT / "web" / "static" / "editor" / "editor.js").read_text()
    assert set(re.findall(r"https?://[\w./-]+", text)) <= {"http://www.w3.org/2000/svg"}
    assert "eval(" not in text
    assert "new Function" not in text


def test_the_program_of_the_decoder_is_of_the_release_of_its_script():
    """A script and a program of two releases load, and fail at the first picture."""
    text, wanted = WORKER.read_text(), Bundle("decoder").assets["program"]
    assert text.count(wanted) == 1
    assert f'"reader-{wanted[:12]}.wasm"' in text
    packed = (WORKER.parent / f"reader-{wanted[:12]}.wasm.gz").read_bytes()
    assert sha256(gzip.decompress(packed)) == wanted


def test_the_decoder_has_the_licence_of_what_is_compiled_into_its_program():
    notices = (WORKER.parent / "THIRD-PARTY-NOTICES.txt").read_text()
    assert "== zxing-cpp, in the program of zxing-wasm (Apache-2.0)" in notices
    assert "Apache License" in notices
