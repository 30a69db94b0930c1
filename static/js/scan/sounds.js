// @ts-check
/**
 * Three sounds and three vibrations that cannot be taken for one another: two rising notes, two equal notes, one low growl.
 * Browsers keep sound locked until the first touch; `unlock` is called on it. No sound files, so nothing to load.
 *
 * @typedef {import('./verdict.js').Tone} Tone
 * @typedef {{at: number, hertz: number, lasts: number, wave: OscillatorType}} Note seconds
 */

/** @type {Record<Tone, Note[]>} */
export const TUNES = {
  good: [{ at: 0, hertz: 880, lasts: 0.1, wave: 'sine' }, { at: 0.11, hertz: 1319, lasts: 0.18, wave: 'sine' }],
  look: [{ at: 0, hertz: 587, lasts: 0.13, wave: 'triangle' }, { at: 0.22, hertz: 587, lasts: 0.13, wave: 'triangle' }],
  stop: [{ at: 0, hertz: 165, lasts: 0.55, wave: 'sawtooth' }],
  info: [{ at: 0, hertz: 988, lasts: 0.05, wave: 'sine' }],
};

/** @type {Record<Tone, number[]>} milliseconds on, off, on */
export const BUZZES = { good: [60], look: [80, 80, 80], stop: [450], info: [30] };

export class Sounds {
  constructor() {
    this.on = true;
    /** @type {AudioContext | null} */
    this.context = null;
  }

  unlock() {
    const Context = globalThis.AudioContext || /** @type {any} */ (globalThis).webkitAudioContext;
    if (!this.context && Context) this.context = new Context();
    void this.context?.resume().catch(() => undefined);
  }

  /** @param {Tone} tone */
  play(tone) {
    buzz(BUZZES[tone]);
    const context = this.context;
    if (!this.on || !context || context.state !== 'running') return;
    for (const { at, hertz, lasts, wave } of TUNES[tone]) {
      const source = context.createOscillator();
      const volume = context.createGain();
      const begin = context.currentTime + at;
      source.type = wave;
      source.frequency.value = hertz;
      volume.gain.setValueAtTime(0.0001, begin);
      volume.gain.exponentialRampToValueAtTime(0.6, begin + 0.01);
      volume.gain.exponentialRampToValueAtTime(0.0001, begin + lasts);
      source.connect(volume).connect(context.destination);
      source.start(begin);
      source.stop(begin + lasts + 0.02);
    }
  }

  /** A tap on a counter: a buzz that is felt without looking; longer for a larger step. @param {number} step */
  tap(step) {
    buzz([Math.round(Math.min(120, 25 + 50 * Math.log10(Math.max(1, step))))]);
  }
}

/** Browsers complain of a vibration before the first touch. @param {number[]} pattern */
function buzz(pattern) {
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(pattern);
}
