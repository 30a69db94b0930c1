// @ts-check
/** The volunteer's own settings, and the change of shift. */

import { find, findInput } from '../lib/dom.js';
import { WORDS } from './words.js';

/**
 * @param {HTMLElement} root
 * @param {Record<string, {on: boolean, apply: (on: boolean) => void}>} switches by name
 * @param {(operator: string) => Promise<void>} onShift somebody else takes over
 */
export function bindSettings(root, switches, onShift) {
  for (const [name, { on, apply }] of Object.entries(switches)) {
    const box = findInput(`[data-setting=${name}]`, root);
    box.checked = on;
    box.addEventListener('change', () => apply(box.checked));
  }
  const shift = /** @type {HTMLFormElement} */ (find('[data-shift-form]', root));
  shift.addEventListener('submit', async (event) => {
    event.preventDefault();
    const operator = findInput('[name=operator]', shift).value.trim();
    if (!operator) return;
    await onShift(operator);
    shift.reset();
    const says = find('[data-shift-say]', shift);
    says.textContent = WORDS.shiftChanged(operator);
    says.hidden = false;
  });
}
