// @ts-check
/** The ways a code comes in: camera, typed, photo, USB scanner. */

import { find, findInput } from '../lib/dom.js';
import { Camera } from './camera.js';
import { Decoder } from './decoder.js';
import { readPhoto } from './photo.js';
import { SameCode } from './same-code.js';
import { parseTicketText } from './ticket-text.js';
import { goesByItself, TypedCode } from './typed-code.js';
import { Wedge, listen } from './wedge.js';
import { WORDS } from './words.js';

const LATE_ENTER = 1500;

/**
 * @param {HTMLElement} root
 * @param {import('./door.js').Door} door
 * @param {(text: string) => boolean} [otherwise] takes what the camera reads and is no ticket
 * @param {() => void} [onFault] something is wrong with what was typed: what was said before is not about that
 * @returns {{inView(visible: boolean): void}}
 */
export function bindDoorControls(root, door, otherwise = () => false, onFault = () => {}) {
  const box = find('[data-camera]', root);
  const note = find('[data-camera-note]', root);
  const same = new SameCode();
  let decoderMissing = false;

  const decoder = new Decoder((name) => {
    root.dataset.reader = name;
    decoderMissing = name === '';
    if (decoderMissing) note.textContent = WORDS.camera.decoder;
  });

  const camera = new Camera(/** @type {HTMLVideoElement} */ (find('video[data-hook=camera]', root)), decoder, {
    rests: () => door.busy(),
    onText: (text) => {
      if (otherwise(text)) return;
      const parsed = parseTicketText(text);
      const fresh = same.isNew(parsed.kind === 'foreign' ? text : parsed.code, performance.now());
      if (fresh && !door.scan(text, 'camera')) same.seenAt.delete(parsed.kind === 'foreign' ? text : parsed.code);
    },
    onState: (state, fault) => {
      box.dataset.state = state;
      note.textContent = decoderMissing ? WORDS.camera.decoder : state === 'failed' ? WORDS.camera[fault] : '';
      find('[data-act=restart]', box).hidden = state !== 'failed';
      const { torch, zoom } = camera.abilities();
      find('[data-act=torch]', box).hidden = state !== 'on' || !torch;
      find('[data-act=zoom]', box).hidden = state !== 'on' || !zoom;
    },
  });

  let inView = false;
  const follow = () => camera.want(inView && document.visibilityState === 'visible');
  document.addEventListener('visibilitychange', follow);
  addEventListener('pagehide', () => camera.stop());
  find('[data-act=restart]', box).addEventListener('click', () => void camera.start());

  bindSwitch(find('[data-act=torch]', box), (on) => camera.set({ torch: on }));
  bindSwitch(find('[data-act=zoom]', box), (on) => {
    const zoom = camera.abilities().zoom;
    return camera.set({ zoom: zoom ? (on ? Math.min(zoom.max, Math.max(zoom.min * 2, 2)) : zoom.min) : 1 });
  });

  const code = findInput('[data-hook=code-input]', root);
  const hint = find('[data-code-hint]', root);
  const go = find('[data-code-form] [type=submit]', root);
  const showGo = () => (go.hidden = code.inputMode !== 'text' && goesByItself(code.value));
  let wentByItself = -Infinity;
  const typed = new TypedCode({
    take: (text, byItself) => {
      code.value = '';
      showGo();
      if (byItself) wentByItself = performance.now();
      door.scan(text, 'typed');
    },
    tooShort: (count) => {
      hint.hidden = count === 0;
      hint.textContent = count ? WORDS.shortCode(count) : '';
      code.setAttribute('aria-invalid', String(count > 0));
      if (count) onFault();
    },
  });
  code.addEventListener('input', () => {
    showGo();
    typed.changed(code.value);
  });
  find('[data-code-form]', root).addEventListener('submit', (event) => {
    event.preventDefault();
    typed.submit(code.value);
  });
  // The Enter meant for a code that has just gone by itself must not confirm whoever it has found.
  const late = (/** @type {KeyboardEvent} */ event) => event.key === 'Enter' && performance.now() - wentByItself < LATE_ENTER && event.preventDefault();
  find('[data-hook=result]', root).addEventListener('keydown', late);
  bindSwitch(find('[data-act=keys]', root), (on) => {
    code.inputMode = on ? 'text' : 'numeric';
    showGo();
    code.focus();
    return Promise.resolve(true);
  });

  const photo = findInput('[data-photo]', root);
  photo.addEventListener('change', async () => {
    const [file] = photo.files || [];
    photo.value = '';
    if (!file) return;
    const text = await readPhoto(file, decoder);
    if (text) door.scan(text, 'photo');
    else door.announce({ tone: 'look', word: WORDS.noCode, line: WORDS.noCodeLine });
  });

  listen(new Wedge((text) => door.scan(text, 'typed')), document);
  return {
    inView(visible) {
      inView = visible;
      follow();
    },
  };
}

/** @param {HTMLElement} button @param {(on: boolean) => Promise<boolean>} apply */
function bindSwitch(button, apply) {
  button.addEventListener('click', async () => {
    const on = button.getAttribute('aria-pressed') !== 'true';
    if (await apply(on)) button.setAttribute('aria-pressed', String(on));
  });
}
