// @ts-check
/** One long view with four places to jump to; the current one is marked. All of it stays there, so nothing is ever out of reach. */

import { find } from '../lib/dom.js';

/**
 * @param {HTMLElement} nav
 * @param {HTMLElement[]} sections in the order of the page
 * @param {(name: string, visible: boolean) => void} onVisible told when a section comes into view or leaves it
 */
export function bindTabs(nav, sections, onVisible) {
  const shown = new Map(sections.map((section) => [section.id, 0]));
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        shown.set(entry.target.id, entry.intersectionRect.height);
        onVisible(entry.target.id, entry.isIntersecting);
      }
      const most = [...shown].reduce((best, each) => (each[1] > best[1] ? each : best));
      for (const link of nav.querySelectorAll('[data-tab]')) link.setAttribute('aria-current', String(link.getAttribute('data-tab') === most[0] && most[1] > 0));
    },
    { threshold: [0, 0.1, 0.25, 0.5, 0.75, 1] },
  );
  for (const section of sections) watcher.observe(section);
  nav.addEventListener('click', (event) => {
    const name = /** @type {HTMLElement} */ (event.target).closest('[data-tab]')?.getAttribute('data-tab');
    if (!name) return;
    event.preventDefault();
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    find(`#${name}`).scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'start' });
  });
}
