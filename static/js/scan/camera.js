// @ts-check
/**
 * The camera: starts by itself, stops while the page is hidden or scrolled away, lights the torch and zooms where the track can.
 *
 * @typedef {'off' | 'starting' | 'on' | 'failed'} CameraState
 */

/** What is decoded: a square of at most so many pixels from the centre of the picture. */
export const SQUARE = 720;
const EVERY = 90;

/** @param {unknown} error @returns {string} a key of WORDS.camera */
export function cameraFault(error) {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'absent';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'unsupported';
}

export class Camera {
  /**
   * @param {HTMLVideoElement} video
   * @param {import('./decoder.js').Decoder} decoder
   * @param {{onText: (text: string) => void, onState: (state: CameraState, fault: string) => void, rests?: () => boolean}} listeners
   *   `rests`: no picture is looked at, since nothing that it shows could be taken up
   */
  constructor(video, decoder, { onText, onState, rests = () => false }) {
    this.rests = rests;
    this.video = video;
    this.decoder = decoder;
    this.onText = onText;
    this.onState = onState;
    this.wanted = false;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.frames = 0;
    this.starting = false;
    this.canvas = document.createElement('canvas');
    /** @type {CanvasRenderingContext2D | null} */
    this.pen = null;
  }

  /** @param {boolean} wanted whether the scanner is in view and the page visible */
  want(wanted) {
    this.wanted = wanted;
    if (wanted && !this.stream) void this.start();
    if (!wanted) this.stop();
  }

  async start() {
    if (this.starting || this.stream) return;
    if (!navigator.mediaDevices?.getUserMedia) {
      this.onState('failed', globalThis.isSecureContext ? 'unsupported' : 'insecure');
      return;
    }
    this.starting = true;
    this.onState('starting', '');
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } } });
      this.starting = false;
      if (!this.wanted) {
        for (const track of stream.getTracks()) track.stop();
        this.onState('off', '');
        return;
      }
      this.stream = stream;
      stream.getVideoTracks()[0].addEventListener('ended', () => this.stream === stream && this.lost());
      this.video.srcObject = stream;
      await this.video.play().catch(() => undefined);
      this.onState('on', '');
      void this.look(stream);
    } catch (error) {
      this.starting = false;
      this.onState('failed', cameraFault(error));
    }
  }

  stop() {
    if (!this.stream) return;
    for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.onState('off', '');
  }

  lost() {
    this.stop();
    this.onState('failed', 'busy');
  }

  /** Decodes one frame after another for as long as this stream runs. @param {MediaStream} stream */
  async look(stream) {
    while (this.stream === stream) {
      const began = performance.now();
      const image = this.rests() ? null : this.frame();
      if (image) {
        this.frames += 1;
        for (const text of await this.decoder.read(image, this.frames % 4 === 0)) this.onText(text);
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(20, EVERY - (performance.now() - began))));
    }
  }

  /** @returns {import('./decoder.js').Picture | null} where the worker can, it cuts the square out itself: that takes the page longer than a decision */
  frame() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || !height || this.video.readyState < 2) return null;
    const side = Math.min(width, height);
    const size = Math.min(SQUARE, side);
    if (this.decoder.takesFrames) {
      try {
        return { frame: new VideoFrame(this.video), square: { left: (width - side) / 2, top: (height - side) / 2, side, size } };
      } catch {
        this.decoder.takesFrames = false; // from now on the long way
      }
    }
    this.pen ??= this.canvas.getContext('2d', { willReadFrequently: true });
    if (!this.pen) return null;
    this.canvas.width = this.canvas.height = size;
    this.pen.drawImage(this.video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, size, size);
    return this.pen.getImageData(0, 0, size, size);
  }

  /** @returns {{torch: boolean, zoom: {min: number, max: number} | null}} what this camera can do */
  abilities() {
    const track = this.stream?.getVideoTracks()[0];
    const can = /** @type {any} */ (track?.getCapabilities?.() || {});
    const zoom = can.zoom && can.zoom.max > can.zoom.min ? { min: can.zoom.min, max: can.zoom.max } : null;
    return { torch: Boolean(can.torch), zoom };
  }

  /** @param {Record<string, any>} setting such as `{torch: true}` or `{zoom: 2}` @returns {Promise<boolean>} */
  async set(setting) {
    try {
      await this.stream?.getVideoTracks()[0].applyConstraints(/** @type {any} */ ({ advanced: [setting] }));
      return true;
    } catch {
      return false;
    }
  }
}
