// @ts-check
/**
 * Reads QR codes off the main thread: zxing-wasm, or `qr` in plain JavaScript where WebAssembly is blocked or missing.
 *
 * In: `{id, width, height, pixels: ArrayBuffer (RGBA), hard}`. Out: `{id, texts}` or, once at the start, `{ready: name}`.
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

self.onmessage = async ({ data }) => {
  /** @type {string[]} */
  let texts = [];
  try {
    const read = await reader;
    texts = await read(new ImageData(new Uint8ClampedArray(data.pixels), data.width, data.height), Boolean(data.hard));
  } catch {
    texts = [];
  }
  postMessage({ id: data.id, texts });
};
