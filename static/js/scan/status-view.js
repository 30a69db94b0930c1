// @ts-check
/** The state of things in plain words: network, what waits for upload, what was not kept, where this phone stands, revoked. */

import { find, make } from '../lib/dom.js';
import { clockTime, dayOf } from '../lib/moment.js';
import { WORDS } from './words.js';

/** So many checkpoints are shown side by side; more are folded behind the one that is chosen. */
const FEW = 4;

/**
 * @param {Pick<import('./session.js').ScanEvent, 'status' | 'starts_at' | 'rehearsal' | 'timezone'>} event
 * @param {number} now
 * @param {number | null} [opens] when this phone's checkpoint opens
 * @returns {string} when it begins and from when on people may be checked in, where it has not begun; else nothing
 */
export function earlyNotice({ status, starts_at: begins, rehearsal, timezone }, now, opens = null) {
  if (!begins || rehearsal || !(Date.parse(begins) > now)) return '';
  const said = (/** @type {string | number} */ at) => WORDS.offline.onDay(...daySaid(at, timezone));
  if (opens === null || WORDS.over[status]) return WORDS.notBegun(said(begins), null);
  const [there, here] = [dayOf(begins, timezone), dayOf(opens, timezone)];
  const sameDay = there.month === here.month && there.day === here.day;
  return WORDS.notBegun(said(begins), opens <= now ? '' : sameDay ? WORDS.sameDay(clockTime(opens, timezone)) : said(opens));
}

/** @param {string | number} at @param {string} zone @returns {[number, number, string]} */
function daySaid(at, zone) {
  const { month, day } = dayOf(at, zone);
  return [month, day, clockTime(at, zone)];
}

export class StatusView {
  /** @param {Document} page @param {HTMLElement} root */
  constructor(page, root) {
    this.page = page;
    this.root = root;
  }

  /** @param {{pending: number, rejected: number}} counts */
  counts({ pending, rejected }) {
    this.spots ??= { pending: find('[data-hook=pending]', this.page), rejected: find('[data-hook=rejected]', this.page), badge: find('[data-rejected-badge]', this.page) };
    const { spots } = this;
    if (spots.pending.textContent !== String(pending)) {
      spots.pending.textContent = String(pending);
      spots.pending.parentElement?.classList.toggle('has-some', pending > 0);
    }
    if (spots.rejected.textContent === String(rejected)) return;
    spots.rejected.textContent = String(rejected);
    spots.badge.hidden = rejected === 0;
  }

  /** @param {boolean} online */
  network(online) {
    find('[data-hook=network]', this.page).dataset.state = online ? 'online' : 'offline';
  }

  /** A rehearsal, and an event that is off or over, are said for as long as they last. @param {Pick<import('./session.js').ScanEvent, 'status' | 'rehearsal'>} event */
  standing({ status, rehearsal }) {
    const says = WORDS.over[status] || '';
    find('[data-notice=rehearsal]', this.root).hidden = !rehearsal;
    find('[data-notice=over]', this.root).hidden = !says;
    find('[data-over]', this.root).textContent = says;
  }

  /** @param {string} says what is tried out before the event begins counts, unless it is a rehearsal */
  early(says) {
    find('[data-notice=early]', this.root).hidden = !says;
    find('[data-early]', this.root).textContent = says;
  }

  /**
   * @param {import('./session.js').Checkpoint[]} places
   * @param {import('./session.js').Checkpoint | null} current
   * @param {string} direction
   * @param {{onPlace: (key: string) => void, onDirection: (direction: string) => void}} listeners
   */
  places(places, current, direction, { onPlace, onDirection }) {
    const box = find('[data-places]', this.root);
    box.hidden = places.length === 0;
    const name = find('[data-place-name]', box);
    name.textContent = current && places.length === 1 ? current.name : '';
    name.hidden = places.length !== 1;
    const chips = find('[data-place-chips]', box);
    const fold = /** @type {HTMLDetailsElement} */ (find('[data-place-fold]', box));
    fold.hidden = places.length < 2;
    fold.dataset.many = places.length > FEW ? '1' : '';
    fold.open = places.length <= FEW;
    find('[data-place-now]', fold).textContent = current?.name || '';
    chips.replaceChildren(
      ...(places.length < 2 ? [] : places).map((place) => {
        const chip = make('button', { class: 'chip', type: 'button', 'data-place': place.key, 'aria-pressed': String(place.key === current?.key) }, place.name);
        chip.addEventListener('click', () => onPlace(place.key));
        return chip;
      }),
    );
    const directions = find('[data-directions]', box);
    directions.hidden = current?.rule !== 'each_time';
    for (const chip of directions.querySelectorAll('button')) {
      chip.setAttribute('aria-pressed', String(chip.dataset.direction === direction));
      chip.onclick = () => onDirection(chip.dataset.direction || 'entry');
    }
  }

  /** @param {number} pending */
  revoked(pending) {
    find('[data-ready]', this.root).hidden = true;
    find('[data-tabs]', this.page).hidden = true;
    find('[data-notice=revoked]', this.root).hidden = false;
    find('[data-revoked-pending]', this.root).hidden = pending === 0;
    find('[data-revoked-pending] [data-count]', this.root).textContent = String(pending);
  }
}
