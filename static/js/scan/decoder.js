// @ts-check
/** Asks the decode worker, one picture at a time. */

/**
 * @typedef {{left: number, top: number, side: number, size: number}} Square what is cut out of a frame, and how many pixels it becomes
 * @typedef {ImageData | {frame: VideoFrame, square: Square}} Picture
 */

export class Decoder {
  /** @param {(name: string) => void} onReady told which reader serves; '' where none could be loaded */
  constructor(onReady) {
    this.next = 1;
    /** Whether the worker may be handed a video's frame as it is. */
    this.takesFrames = 'VideoFrame' in globalThis && 'OffscreenCanvas' in globalThis;
    /** @type {Map<number, (texts: string[]) => void>} */
    this.waiting = new Map();
    try {
      // below /scan/: only there does the service worker answer for a worker and for what it loads
      const address = new URL('./decode-worker.js', import.meta.url).href.replace('/static/', '/scan/static/');
      this.worker = new Worker(address, { type: 'module' });
      this.worker.onmessage = ({ data }) => {
        if ('ready' in data) return onReady(data.ready);
        if (data.cannot) this.takesFrames = false;
        this.waiting.get(data.id)?.(data.texts);
        this.waiting.delete(data.id);
      };
      this.worker.onerror = () => {
        onReady('');
        for (const settle of this.waiting.values()) settle([]);
        this.waiting.clear();
      };
    } catch {
      this.worker = null;
      onReady('');
    }
  }

  /**
   * @param {Picture} picture
   * @param {boolean} [hard] take time: a photo, or every few frames
   * @returns {Promise<string[]>}
   */
  read(picture, hard = false) {
    const worker = this.worker;
    if (!worker) {
      if ('frame' in picture) picture.frame.close();
      return Promise.resolve([]);
    }
    const id = this.next++;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      if ('frame' in picture) worker.postMessage({ id, hard, ...picture }, [picture.frame]);
      else worker.postMessage({ id, width: picture.width, height: picture.height, pixels: picture.data.buffer, hard }, [picture.data.buffer]);
    });
  }
}
