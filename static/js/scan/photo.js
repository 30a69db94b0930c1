// @ts-check
/** Reads a code from a photo that the volunteer took or was sent. */

const SIDES = [1600, 800];

/** @param {Blob} file @returns {Promise<CanvasImageSource & {width: number, height: number}>} */
async function load(file) {
  if (typeof createImageBitmap === 'function') {
    try {
      return await createImageBitmap(file);
    } catch {
      // an old browser or an odd format: the <img> below may still know it
    }
  }
  const image = new Image();
  const address = URL.createObjectURL(file);
  try {
    image.src = address;
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * @param {Blob} file
 * @param {import('./decoder.js').Decoder} decoder
 * @returns {Promise<string | null>} the first text found
 */
export async function readPhoto(file, decoder) {
  try {
    const picture = await load(file);
    const canvas = document.createElement('canvas');
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    if (!pen) return null;
    for (const side of SIDES) {
      const scale = Math.min(1, side / Math.max(picture.width, picture.height));
      canvas.width = Math.max(1, Math.round(picture.width * scale));
      canvas.height = Math.max(1, Math.round(picture.height * scale));
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const [text] = await decoder.read(pen.getImageData(0, 0, canvas.width, canvas.height), true);
      if (text) return text;
    }
  } catch {
    // not a picture
  }
  return null;
}
