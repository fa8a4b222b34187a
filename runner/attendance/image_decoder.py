"""The process that decodes one image: `python -m runner.attendance.image_decoder CHANNEL`, started by `image_codes` alone.

It has no secret. It loads the decoders, locks itself in, and only then reads the image, so that a fault of a decoder reaches nothing.
It writes one JSON object: {"codes": [[Base64, kind], …]} or {"fault": reason}, a key of `image_codes.FAULTS`.
"""

from __future__ import annotations

import io
import json
import math
import os
import sys
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image, ImageFilter, ImageOps, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from sandbox import JailTooWeak, confine_process

from .image_codes import LENGTH, MOST_CODES

#: Pixels of an image, and of a page as it is drawn.
MOST_PIXELS = 40_000_000
PAGE_PIXELS = 8_000_000
#: Pages of a PDF that are looked at, and their scale: 72 dots an inch, times this.
MOST_PAGES, PAGE_SCALE = 3, 3.0
MEMORY_BYTES = 512 * 1024 * 1024
CPU_S = 20.0
#: The kinds of codes on badges.
KINDS = zxingcpp.barcode_formats_from_str("QRCode|DataMatrix|Aztec|PDF417|Code128|Code39")
#: Loaded here, because a locked process opens no file; that of TIFF reads how a camera was held.
PLUGINS = (JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)


class ImageRefused(Exception):
    """The image is not decoded. The text is the reason, a key of `FAULTS`."""


def main() -> int:
    """Lock in, read the image, and write what was found."""
    warnings.simplefilter("ignore")  # a warning would open its source
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        channel = confine_process(int(sys.argv[1]), memory_bytes=MEMORY_BYTES, cpu_s=CPU_S)
    except JailTooWeak:
        os.write(int(sys.argv[1]), json.dumps({"fault": "jail"}).encode())
        return 1
    found: dict[str, Any]
    try:
        found = {"codes": codes_of(image_from(channel))}
    except ImageRefused as refused:
        found = {"fault": str(refused)}
    except Exception:  # noqa: BLE001 - whatever a decoder raises for a damaged image, it says the same
        found = {"fault": "image"}
    answer = json.dumps(found).encode()
    while answer:
        answer = answer[os.write(channel, answer) :]
    os._exit(0)  # the interpreter's own end makes calls that are forbidden here


def image_from(channel: int) -> bytes:
    """Read the image: its length, then its bytes."""
    (length,) = LENGTH.unpack(_exactly(channel, LENGTH.size))
    return _exactly(channel, length)


def codes_of(image: bytes) -> list[list[str]]:
    """Return the codes of an image, each as Base64 and kind. Raises `ImageRefused`."""
    found: dict[bytes, str] = {}
    for picture in pictures_of(image):
        for each in zxing_codes(picture):
            found.setdefault(bytes(each.bytes), str(each.format).rpartition(".")[2])
    if not found:
        raise ImageRefused("none")
    return [[b64encode(payload).decode(), kind] for payload, kind in list(found.items())[:MOST_CODES]]


def zxing_codes(picture: Image.Image) -> list[Any]:
    """Return the codes of a picture in grey; if there are none, those of sharpened and of smaller copies."""
    half = (max(1, picture.width // 2), max(1, picture.height // 2))
    attempts: tuple[Callable[[], Image.Image], ...] = (
        lambda: picture,
        lambda: picture.filter(ImageFilter.UnsharpMask(radius=3, percent=200, threshold=0)),
        lambda: picture.resize(half).filter(ImageFilter.UnsharpMask(radius=3, percent=200, threshold=0)),
    )
    for attempt in attempts:
        codes = zxingcpp.read_barcodes(attempt(), formats=KINDS, text_mode=zxingcpp.TextMode.Plain)
        if codes:
            return list(codes)
    return []


def pictures_of(image: bytes) -> Iterator[Image.Image]:
    """Give the picture of an image, or those of the first pages of a PDF, in grey."""
    if b"%PDF-" in image[:1024]:
        document = pypdfium2.PdfDocument(image)
        for number in range(min(MOST_PAGES, len(document))):
            page = document[number]
            width, height = page.get_size()
            scale = min(PAGE_SCALE, math.sqrt(PAGE_PIXELS / max(1.0, width * height)))
            yield page.render(scale=scale, grayscale=True).to_pil().convert("L")
        return
    picture = Image.open(io.BytesIO(image), formats=["JPEG", "PNG", "WEBP"])
    if picture.width * picture.height > MOST_PIXELS:
        raise ImageRefused("pixels")
    yield ImageOps.exif_transpose(picture).convert("L")


def _exactly(channel: int, count: int) -> bytes:
    read = bytearray()
    while len(read) < count:
        more = os.read(channel, min(count - len(read), 1 << 20))
        if not more:
            raise ImageRefused("image")
        read += more
    return bytes(read)


if __name__ == "__main__":
    sys.exit(main())
