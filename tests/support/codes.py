"""Pictures of codes, as a camera sees them: written by zxing-cpp, spoilt by Pillow."""

from io import BytesIO

import zxingcpp
from PIL import Image, ImageOps

FORMATS = ("QRCode", "DataMatrix", "Aztec", "PDF417", "Code128")
GREY = 110


def picture(payload, symbology="QRCode", scale=6, border=4):
    """Return the picture of a code, in grey, with a white border of so many modules."""
    made = zxingcpp.create_barcode(payload, getattr(zxingcpp.BarcodeFormat, symbology))
    pixels = memoryview(made.to_image(scale=scale, add_quiet_zones=False))
    code = Image.frombytes("L", pixels.shape[::-1], pixels.tobytes())
    return ImageOps.expand(code, border * scale, 255)


def scene(code=None, size=(1280, 720)):
    """Return the picture of a camera with a code in its middle, or with none."""
    out = Image.new("L", size, GREY)
    if code:
        out.paste(code, ((size[0] - code.width) // 2, (size[1] - code.height) // 2))
    return out


def jpeg(image, quality=85):
    out = BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=quality, subsampling="4:2:0")
    return out.getvalue()


def clip(path, scenes):
    """Write a film for a fake camera, which shows it over and over, 30 pictures a second: JPEGs, one after the other."""
    path.write_bytes(b"".join(jpeg(each) for each in scenes))
    return path


def still(path, shown):
    """Write a film of one scene, five pictures a second, for tests to which it does not matter how busy the camera is."""
    black, white = 16, 235  # as films have them
    pixels = shown.point([black + grey * (white - black) // 255 for grey in range(256)]).tobytes()
    without_colour = bytes([128]) * (len(pixels) // 2)
    head = f"YUV4MPEG2 W{shown.width} H{shown.height} F5:1 Ip A1:1 C420jpeg\n"
    path.write_bytes(head.encode() + b"".join([b"FRAME\n", pixels, without_colour] * 2))
    return path
