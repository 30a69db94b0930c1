// @ts-check
/** One long view with four places to jump to; the current one is marked. All of it stays there, so nothing is ever out of reach. */

import { find } from '../lib/dom.js';

/** Milliseconds in which the view travels to the place that was tapped. */
const TRAVEL = 1000;
/** Pixels that a page may shift by itself; more means that somebody scrolls. */
const STILL = 24;

/**
 * @param {HTMLElement} nav
 * @param {HTMLElement[]} sections in the order of the page
 * @param {(name: string, visible: boolean) => void} onVisible told when a section comes into view or leaves it
 */
export function bindTabs(nav, sections, onVisible) {
  let chosen = '';
  let travelsUntil = -Infinity;
  let restsAt = 0;

  /** @param {HTMLElement} section @returns {number} how much of its height is between the bars */
  const height = (section) => {
    const { top, bottom } = section.getBoundingClientRect();
    return Math.max(0, Math.min(bottom, nav.getBoundingClientRect().top) - Math.max(top, 0));
  };

  /** @returns {string} the place that was tapped, until somebody scrolls away from it; else the one that fills most of the screen */
  const current = () => {
    if (chosen && performance.now() < travelsUntil) return chosen;
    if (chosen && Math.abs(scrollY - restsAt) <= STILL && height(find(`#${chosen}`)) > 0) return chosen;
    chosen = '';
    const shown = sections.map((section) => ({ id: section.id, height: height(section) }));
    const most = shown.reduce((best, each) => (each.height > best.height ? each : best));
    return most.height > 0 ? most.id : '';
  };

  const mark = () => {
    const name = current();
    for (const link of nav.querySelectorAll('[data-tab]')) link.setAttribute('aria-current', String(link.getAttribute('data-tab') === name));
  };

  let due = false;
  const markSoon = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      mark();
    });
  };

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) onVisible(entry.target.id, entry.isIntersecting);
      markSoon();
    },
    { threshold: [0, 0.1, 0.25, 0.5, 0.75, 1] },
  );
  for (const section of sections) watcher.observe(section);
  addEventListener('scroll', markSoon, { passive: true });
  addEventListener('resize', markSoon);
  nav.addEventListener('click', (event) => {
    const name = /** @type {HTMLElement} */ (event.target).closest('[data-tab]')?.getAttribute('data-tab');
    if (!name) return;
    event.preventDefault();
    chosen = name;
    travelsUntil = performance.now() + TRAVEL;
    const ends = travelsUntil;
    mark();
    setTimeout(() => {
      if (ends !== travelsUntil) return; // another was tapped meanwhile
      restsAt = scrollY;
      mark();
    }, TRAVEL + 20);
    const first = nav.dataset.first || sections[0]?.parentElement?.dataset.first;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const behavior = calm ? 'auto' : 'smooth';
    if (name === first) scrollTo({ top: 0, behavior }); // with the notices above it
    else find(`#${name}`).scrollIntoView({ behavior, block: 'start' });
  });
}
