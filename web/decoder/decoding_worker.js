// Finds codes in pictures, off the page's thread. The response of this script has a policy of its own, which lets it compile
// the program; the page has no such right. It answers each picture with the bytes of the codes, and keeps nothing.

const FORMATS = ["QRCode", "DataMatrix", "Aztec", "PDF417", "Code128"];
const SHARED = { textMode: "Plain", tryInvert: true, maxNumberOfSymbols: 4 };
/** How a picture is looked at: most codes are read by the first, the others cost more. */
const PASSES = {
  fast: { ...SHARED, formats: ["QRCode"], tryHarder: false, tryRotate: false, tryDownscale: false },
  hard: { ...SHARED, formats: FORMATS, tryHarder: true, tryRotate: true },
  sharpened: { ...SHARED, formats: ["QRCode"], tryHarder: true, tryRotate: true },
};
/** Pixels around each one of which the mean is taken, to either side; how much stronger its difference from it becomes. */
const RADIUS = 3;
const AMOUNT = 4;

const locateFile = () => new URL("PROGRAM_NAME", location.href).href;
ZXingWASM.prepareZXingModule({ overrides: { locateFile }, fireImmediately: true }).then(
  () => postMessage({ ready: true }),
  () => postMessage({ failed: true }),
);

onmessage = async ({ data: { number, pass, width, height, buffer } }) => {
  let codes = [];
  try {
    const pixels = new Uint8ClampedArray(buffer);
    const picture = new ImageData(pass === "sharpened" ? sharpened(pixels, width, height) : pixels, width, height);
    const found = await ZXingWASM.readBarcodes(picture, PASSES[pass]);
    codes = found.filter((each) => each.isValid && each.bytes.length).map((each) => ({ bytes: each.bytes, format: each.format }));
  } catch {
    postMessage({ failed: true });
    return;
  }
  postMessage({ number, codes });
};

/** Return a picture in grey whose edges are stronger: it gets back what a lens out of focus has smeared. */
function sharpened(pixels, width, height) {
  const grey = new Float32Array(width * height);
  for (let at = 0, from = 0; at < grey.length; at += 1, from += 4) {
    grey[at] = 0.299 * pixels[from] + 0.587 * pixels[from + 1] + 0.114 * pixels[from + 2];
  }
  const rows = new Float32Array(grey.length);
  const mean = new Float32Array(grey.length);
  for (let y = 0; y < height; y += 1) smooth(grey, rows, y * width, 1, width);
  for (let x = 0; x < width; x += 1) smooth(rows, mean, x, width, height);
  const out = new Uint8ClampedArray(pixels.length);
  for (let at = 0, to = 0; at < grey.length; at += 1, to += 4) {
    out[to] = out[to + 1] = out[to + 2] = grey[at] + AMOUNT * (grey[at] - mean[at]);
    out[to + 3] = 255;
  }
  return out;
}

/** Write the running means of one row or column: `count` values from `start`, `step` apart. */
function smooth(from, to, start, step, count) {
  const value = (at) => from[start + Math.min(Math.max(at, 0), count - 1) * step];
  let sum = 0;
  for (let at = -RADIUS; at <= RADIUS; at += 1) sum += value(at);
  for (let at = 0; at < count; at += 1) {
    to[start + at * step] = sum / (2 * RADIUS + 1);
    sum += value(at + RADIUS + 1) - value(at - RADIUS);
  }
}
