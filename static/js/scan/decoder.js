// @ts-check
/** Asks the decode worker, one picture at a time. */

export class Decoder {
  /** @param {(name: string) => void} onReady told which reader serves; '' where none could be loaded */
  constructor(onReady) {
    this.next = 1;
    /** @type {Map<number, (texts: string[]) => void>} */
    this.waiting = new Map();
    try {
      // below /scan/: only there does the service worker answer for a worker and for what it loads
      const address = new URL('./decode-worker.js', import.meta.url).href.replace('/static/', '/scan/static/');
      this.worker = new Worker(address, { type: 'module' });
      this.worker.onmessage = ({ data }) => {
        if ('ready' in data) return onReady(data.ready);
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
   * @param {ImageData} image
   * @param {boolean} [hard] take time: a photo, or every few frames
   * @returns {Promise<string[]>}
   */
  read(image, hard = false) {
    const worker = this.worker;
    if (!worker) return Promise.resolve([]);
    const id = this.next++;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      worker.postMessage({ id, width: image.width, height: image.height, pixels: image.data.buffer, hard }, [image.data.buffer]);
    });
  }
}
