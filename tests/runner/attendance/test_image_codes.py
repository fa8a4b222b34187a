"""Codes in images: what is read, in a process that reaches nothing, and what a hostile image can do."""

import io
import json
import os
import struct
import threading
import zlib
from contextlib import contextmanager

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from runner.attendance import image_codes, image_decoder
from runner.attendance.image_codes import FAULTS, LARGEST_IMAGE, MOST_CODES, NoCodes, codes_in

BADGE = b"10482|Chen|Alice"
EXIF_ORIENTATION = 0x0112


def picture(payload=BADGE, kind="QRCode", scale=6):
    code = memoryview(zxingcpp.create_barcode(payload, getattr(zxingcpp.BarcodeFormat, kind)).to_image(scale=scale))
    height, width = code.shape
    drawn = Image.frombytes("L", (width, height), code.tobytes())
    page = Image.new("L", (max(600, width + 80), max(400, height + 80)), 255)
    page.paste(drawn, (40, 40))
    return page


def encoded(image, kind="PNG", **more):
    out = io.BytesIO()
    image.convert("RGB").save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["QR Code", "Data Matrix", "Aztec", "PDF417", "Code 128"])
def test_every_kind_of_code_is_read_with_its_bytes(kind):
    (found,) = codes_in(encoded(picture(kind=kind.replace(" ", ""), scale=3 if kind in {"PDF417", "Code 128"} else 6)))
    assert (found.payload, found.symbology) == (BADGE, kind)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "PDF"])
def test_photos_screenshots_and_pdf_pages_are_read(kind):
    assert [each.payload for each in codes_in(encoded(picture(), kind))] == [BADGE]


def rotated(image):
    return image.rotate(33, fillcolor=255, expand=True)


def blurred(image):
    return image.filter(ImageFilter.GaussianBlur(3.2))


def inverted(image):
    return image.point(lambda value: 255 - value)


@pytest.mark.parametrize("change", [rotated, blurred, inverted])
def test_difficult_photos_are_read(change):
    assert [each.payload for each in codes_in(encoded(change(picture()), "JPEG"))] == [BADGE]


def test_a_photo_that_was_turned_is_read():
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    code128 = picture(kind="Code128", scale=2)
    assert codes_in(encoded(code128, "JPEG", exif=exif))[0].payload == BADGE


def test_bytes_and_separators_stay_as_they_are():
    payload = "10482\x1dMüller\x1dJürg".encode()
    (found,) = codes_in(encoded(picture(payload)))
    assert found.payload == payload


def test_several_badges_on_one_photo_are_all_found_and_bounded():
    sheet = Image.new("L", (1600, 1600), 255)
    for number in range(MOST_CODES + 2):
        sheet.paste(
            picture(b"id-%d" % number, scale=4).crop((0, 0, 380, 380)), (400 * (number % 4), 400 * (number // 4))
        )
    found = codes_in(encoded(sheet))
    assert len({each.payload for each in found}) == len(found) == MOST_CODES


def bomb():
    """A PNG of a few kilobytes that says it has 900 million pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
        + chunk(b"IEND", b"")
    )


def pdf_of_pages(count):
    pages = [Image.new("L", (60, 60), 255)] * (count - 1)
    out = io.BytesIO()
    picture().convert("RGB").save(out, "PDF", save_all=True, append_images=[each.convert("RGB") for each in pages])
    return out.getvalue()


@pytest.mark.parametrize(
    ("image", "fault"),
    [
        (b"hello", "image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image"),
        (b"GIF89a" + bytes(100), "image"),
        (encoded(picture())[:300], "image"),
        (encoded(picture(), "JPEG")[:200], "image"),
        (b"%PDF-1.7\n" + bytes(2000), "image"),
        (encoded(Image.new("L", (300, 300), 255)), "none"),
        (encoded(ImageDraw.Draw(Image.new("L", (9, 9)))._image), "none"),
        (bomb(), "image"),
    ],
    ids=["text", "SVG", "GIF", "cut PNG", "cut JPEG", "no PDF", "blank", "tiny", "decompression bomb"],
)
def test_an_image_without_codes_gives_a_sentence(image, fault):
    with pytest.raises(NoCodes) as caught:
        codes_in(image)
    assert str(caught.value) == FAULTS[fault]


def test_of_a_pdf_with_a_thousand_pages_the_first_are_read():
    assert [each.payload for each in codes_in(pdf_of_pages(1000))] == [BADGE]


@pytest.mark.parametrize("image", [b"", bytes(LARGEST_IMAGE + 1)], ids=["empty", "too large"])
def test_an_image_of_a_size_that_nobody_needs_is_not_decoded(image):
    with pytest.raises(NoCodes, match="at most 10 MB"):
        codes_in(image)


@contextmanager
def decoder(monkeypatch, tmp_path, source):
    """Run another program in place of the decoder: what a decoder could do that an image has taken over."""
    (tmp_path / "taken.py").write_text(source)
    real = image_codes.subprocess.Popen

    def popen(command, **more):
        return real([command[0], "-I", str(tmp_path / "taken.py"), command[-1]], **more)

    monkeypatch.setattr(image_codes.subprocess, "Popen", popen)
    yield


HOSTILE = {
    "says nothing": "import time; time.sleep(60)",
    "writes without end": "import os,sys\nwhile True: os.write(int(sys.argv[1]), b'x' * 65536)",
    "writes no JSON": "import os,sys; os.write(int(sys.argv[1]), b'{')",
    "writes another shape": "import os,sys; os.write(int(sys.argv[1]), b'{\"codes\": [[1, 2]]}')",
    "writes a huge code": "import os,sys; os.write(int(sys.argv[1]), b'{\"codes\": [[\"' + b'QUFB' * 2000 + b'\", \"QRCode\"]]}')",
    "nests without end": "import os,sys; os.write(int(sys.argv[1]), b'[' * 100000)",
    "dies": "import os; os.kill(os.getpid(), 11)",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_decoder_that_was_taken_over_costs_one_image(monkeypatch, tmp_path, source):
    monkeypatch.setattr(image_codes, "DEADLINE_S", 1.0)
    with decoder(monkeypatch, tmp_path, source), pytest.raises(NoCodes):
        codes_in(encoded(picture()))


def test_a_decoder_that_reads_nothing_of_a_large_image_costs_one_image(monkeypatch, tmp_path):
    monkeypatch.setattr(image_codes, "DEADLINE_S", 1.0)
    with decoder(monkeypatch, tmp_path, HOSTILE["says nothing"]), pytest.raises(NoCodes):
        codes_in(b"x" * LARGEST_IMAGE)


def test_a_kind_of_code_that_nobody_can_store_is_made_one_that_can(monkeypatch, tmp_path):
    source = r"""import os,sys; os.write(int(sys.argv[1]), b'{"codes": [["QUFB", "\\ud800"]]}')"""
    with decoder(monkeypatch, tmp_path, source):
        (found,) = codes_in(encoded(picture()))
    assert (found.payload, found.symbology) == (b"AAA", "?")


def test_who_cancels_does_not_wait_for_the_decoder(monkeypatch, tmp_path):
    stop = threading.Event()
    stop.set()
    for image in (encoded(picture()), b"x" * LARGEST_IMAGE):
        with decoder(monkeypatch, tmp_path, HOSTILE["says nothing"]), pytest.raises(NoCodes):
            codes_in(image, is_stopped=stop.is_set)


ATTEMPTS = """
import json, os, socket, sys
from runner.attendance import image_decoder
from sandbox import confine_process

def tried(attempt):
    try:
        attempt()
    except BaseException as error:
        return type(error).__name__
    return "done"

def attempts():
    return {
        "environment": dict(os.environ),
        "open": tried(lambda: open("/etc/passwd")),
        "list": tried(lambda: os.listdir("/")),
        "network": "not tried",  # the filter kills who tries
        "descriptors": [each for each in range(64) if tried(lambda: os.fstat(each)) == "done"],
    }

channel = confine_process(int(sys.argv[1]), memory_bytes=1 << 28, cpu_s=5.0)
os.write(channel, json.dumps(attempts()).encode())
os._exit(0)
"""


def test_the_decoder_has_no_environment_no_files_and_no_descriptor_but_its_channel(monkeypatch, tmp_path):
    (tmp_path / "tries.py").write_text(ATTEMPTS)
    ours, theirs = image_codes.socket.socketpair()
    with ours, theirs:
        command = [image_codes.sys.executable, "-I", str(tmp_path / "tries.py"), str(theirs.fileno())]
        process = image_codes.subprocess.Popen(command, env={}, pass_fds=[theirs.fileno()])
        theirs.close()
        said = json.loads(ours.recv(65536))
        assert process.wait(20) == 0
    assert said["environment"] == {} or set(said["environment"]) <= {"LC_CTYPE"}
    assert (said["open"], said["list"]) == ("PermissionError", "PermissionError")


@pytest.mark.parametrize("call", ["socket.socket()", "os.fork()", "os.execv('/bin/sh', ['sh'])"])
def test_a_decoder_that_tries_to_leave_dies(tmp_path, call):
    (tmp_path / "tries.py").write_text(
        "import os, socket, sys\nfrom sandbox import confine_process\n"
        f"confine_process(int(sys.argv[1]), memory_bytes=1 << 28, cpu_s=5.0)\n{call}\nos._exit(0)\n"
    )
    ours, theirs = image_codes.socket.socketpair()
    with ours, theirs:
        command = [image_codes.sys.executable, "-I", str(tmp_path / "tries.py"), str(theirs.fileno())]
        process = image_codes.subprocess.Popen(command, env={}, pass_fds=[theirs.fileno()])
        assert process.wait(20) == -31  # SIGSYS


def test_without_a_jail_no_image_is_read(monkeypatch):
    channel, other = os.pipe()
    monkeypatch.setattr(image_decoder.sys, "argv", ["image_decoder", str(other)])
    monkeypatch.setattr("sandbox.jail.landlock.abi", lambda: 0)
    monkeypatch.setattr("sandbox.jail.namespaces.unshare", lambda: {"user"})
    assert image_decoder.main() == 1
    assert os.read(channel, 100) == b'{"fault": "jail"}'
    os.close(channel)
    os.close(other)
