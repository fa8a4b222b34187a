"""The decoder in Chromium: every kind of code byte for byte, spoilt pictures, and a policy that only its worker has."""

import base64
import gzip
import hashlib
import io

import pytest
from PIL import ImageFilter, ImageOps

from tests.support.codes import FORMATS, picture, scene
from tests.web.test_vendored_assets import Bundle
from web.scanner.decoder_files import worker_address

pytestmark = pytest.mark.browser

BADGE = "104233|Núñez|José\x1d\0X".encode()
PROGRAM = Bundle("decoder").assets["program"]
ADDRESS = f"/scan/decoder/reader-{PROGRAM[:12]}.wasm"
#: Starts the worker, and gives it pictures one after the other: each with the name of its pass.
READ = """async ([address, pictures]) => {
  const worker = new Worker(address);
  const said = () => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(event.message);
  });
  const first = await said();
  if (!first.ready) throw new Error(JSON.stringify(first));
  const answers = [];
  for (const [number, [pass, source]] of pictures.entries()) {
    const image = await createImageBitmap(new Blob([Uint8Array.from(atob(source), (each) => each.charCodeAt(0))]));
    const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
    pen.drawImage(image, 0, 0);
    const { width, height, data } = pen.getImageData(0, 0, image.width, image.height);
    worker.postMessage({ number, pass, width, height, buffer: data.buffer }, [data.buffer]);
    const { codes } = await said();
    answers.push(codes.map(({ bytes, format }) => [format, btoa(String.fromCharCode(...bytes))]));
  }
  worker.terminate();
  return answers;
}"""
COMPILES = """async () => {
  try { await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)); return true; } catch { return false; }
}"""


@pytest.fixture(scope="module")
def page(chromium, site):
    """A page of ours under the usual policy."""
    context = chromium.new_context(base_url=site.address)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text))
    page.goto("/")
    yield page
    context.close()


@pytest.fixture(scope="module")
def read(page, site):
    """Return the codes in each of some pictures, each with the pass by which it is looked at."""
    with site.app.test_request_context():
        address = worker_address()

    def ask(*pictures):
        sent = []
        for name, image in pictures:
            out = io.BytesIO()
            image.save(out, "PNG")
            sent.append([name, base64.b64encode(out.getvalue()).decode()])
        answers = page.evaluate(READ, [address, sent])
        return [[(symbology, base64.b64decode(code)) for symbology, code in each] for each in answers]

    return ask


def test_codes_of_every_kind_are_read_byte_for_byte(read, page):
    pictures = [("hard", scene(picture(BADGE, each, 4))) for each in FORMATS[:-1]]
    found = read(
        ("fast", scene(picture(BADGE))), ("hard", scene(picture("0104233", "Code128", 3, border=10))), *pictures
    )
    assert found[:2] == [[("QRCode", BADGE)], [("Code128", b"0104233")]]
    assert found[2:] == [[(each, BADGE)] for each in FORMATS[:-1]]
    assert page.complaints == []


def test_spoilt_pictures_are_read_by_the_pass_that_is_for_them(read):
    turned = picture(BADGE).rotate(30, expand=True, fillcolor=110)
    smeared = scene(picture(BADGE)).filter(ImageFilter.GaussianBlur(6 * 0.58))
    dark = scene(picture(BADGE)).point(lambda value: int(value * 0.16))
    inverted = scene(ImageOps.invert(picture(BADGE)))
    found = read(("hard", scene(turned)), ("hard", smeared), ("sharpened", smeared), ("hard", dark), ("fast", inverted), ("hard", scene(picture(BADGE, scale=2))))  # fmt: skip
    code = [("QRCode", BADGE)]
    assert found == [code, [], code, code, code, code]


def test_two_badges_in_one_picture_are_both_told_and_none_in_a_picture_without_one(read):
    both = scene(picture(b"1|a|b"))
    both.paste(picture(b"2|c|d"), (60, 60))
    first, nothing = read(("hard", both), ("hard", scene(picture(BADGE).crop((0, 0, 40, 40)))))
    assert {code for _, code in first} == {b"1|a|b", b"2|c|d"}
    assert nothing == []


def test_only_the_worker_may_compile_a_program_and_it_asks_only_us(http, page):
    assert page.evaluate(COMPILES) is False
    answer = http.get("/scan/decoder/worker.js")
    assert answer.headers.get_all("Content-Security-Policy") == [
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
    ]
    assert "'wasm-unsafe-eval'" not in http.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("accepted", "encoding", "most"),
    [("gzip, deflate, br", "br", 330_000), ("gzip", "gzip", 420_000), ("br;q=0, gzip", "gzip", 420_000), ("", None, 1_000_000)],
)  # fmt: skip
def test_the_program_comes_compressed_as_the_client_accepts_it_and_is_kept_for_ever(http, accepted, encoding, most):
    answer = http.get(ADDRESS, headers={"Accept-Encoding": accepted})
    assert (answer.status_code, answer.mimetype) == (200, "application/wasm")
    assert (answer.headers.get("Content-Encoding"), answer.headers["Vary"]) == (encoding, "Accept-Encoding")
    assert "immutable" in answer.headers["Cache-Control"]
    assert len(answer.data) < most
    if encoding != "br":  # Chromium unpacks that one, below
        content = gzip.decompress(answer.data) if encoding else answer.data
        assert hashlib.sha256(content).hexdigest() == PROGRAM


def test_the_program_that_a_browser_gets_is_the_one_of_the_release(page):
    digest = "async (address) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', await (await fetch(address)).arrayBuffer()))]"
    assert bytes(page.evaluate(digest, ADDRESS)).hex() == PROGRAM


@pytest.mark.parametrize(
    "name", ["reader-000000000000.wasm", "reader-..%2f..%2fASSETS.json.wasm", "ASSETS.json", "reader-*.wasm"]
)
def test_no_other_file_can_be_asked_for(http, name):
    assert http.get(f"/scan/decoder/{name}").status_code == 404
