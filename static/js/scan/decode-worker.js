// @ts-check
/**
 * Reads QR codes off the main thread: zxing-wasm, or `qr` in plain JavaScript where WebAssembly is blocked or missing.
 *
 * In: `{id, width, height, pixels: ArrayBuffer (RGBA), hard}` or `{id, frame: VideoFrame, square, hard}`. Out: `{id, texts}`, with
 * `cannot` where this browser's worker cannot draw frames, or, once at the start, `{ready: name}`.
 * The server sends this file with `'wasm-unsafe-eval'`; no other response has it.
 */

/** @typedef {(image: ImageData, hard: boolean) => Promise<string[]> | string[]} Reader */

const VENDOR = new URL('../../vendor/', import.meta.url);

/** @returns {Promise<Reader>} */
async function zxing() {
  const { prepareZXingModule, readBarcodes } = await import('../../vendor/zxing-wasm-3.1.4/reader.js');
  const overrides = { locateFile: (/** @type {string} */ file) => new URL(`zxing-wasm-3.1.4/${file}`, VENDOR).href };
  await prepareZXingModule({ overrides, fireImmediately: true });
  return async (image, hard) => {
    const found = await readBarcodes(image, { formats: ['QRCode'], tryHarder: hard, tryRotate: hard, tryInvert: hard, maxNumberOfSymbols: 1 });
    return found.filter((/** @type {any} */ each) => each.isValid && each.text).map((/** @type {any} */ each) => each.text);
  };
}

/** @returns {Promise<Reader>} */
async function plain() {
  const { decodeQR } = await import('../../vendor/qr-0.7.0/decode.js');
  return (image) => {
    try {
      return [decodeQR(image)];
    } catch {
      return [];
    }
  };
}

/** @type {Promise<Reader>} */
const reader = zxing().then(
  (read) => (postMessage({ ready: 'zxing-wasm' }), read),
  async () => {
    const read = await plain();
    postMessage({ ready: 'qr' });
    return read;
  },
);
reader.catch(() => postMessage({ ready: '' }));

/** @type {OffscreenCanvas | null} */
let canvas = null;

/** The square of a frame as pixels. @param {VideoFrame} frame @param {import('./decoder.js').Square} square @returns {ImageData} */
function cut(frame, { left, top, side, size }) {
  try {
    if (canvas?.width !== size) canvas = new OffscreenCanvas(size, size);
    const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
    pen.drawImage(frame, left, top, side, side, 0, 0, size, size);
    return pen.getImageData(0, 0, size, size);
  } finally {
    frame.close();
  }
}

/** @param {any} data @returns {ImageData | null} null where frames cannot be drawn here */
function imageOf(data) {
  if (!data.frame) return new ImageData(new Uint8ClampedArray(data.pixels), data.width, data.height);
  try {
    return cut(data.frame, data.square);
  } catch {
    return null;
  }
}

self.onmessage = async ({ data }) => {
  /** @type {string[]} */
  let texts = [];
  const image = imageOf(data);
  try {
    const read = await reader;
    if (image) texts = await read(image, Boolean(data.hard));
  } catch {
    texts = [];
  }
  postMessage(image ? { id: data.id, texts } : { id: data.id, texts, cannot: true });
};
