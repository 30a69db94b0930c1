// @ts-check
/** Searching for a person (search first, never a list to browse), and registering somebody at the desk in one step. */

import { find, findInput, make } from '../lib/dom.js';
import { WORDS } from './words.js';

/** @typedef {import('./plan.js').Person} Person */

export class PeopleView {
  /**
   * @param {HTMLElement} root
   * @param {{finder: import('./finder.js').Finder, onPerson: (person: Person) => void,
   *          onWalkin: (walkin: {count: number, name: string | null, phone: string | null, consent: boolean}) => void}} options
   */
  constructor(root, { finder, onPerson, onWalkin }) {
    this.root = root;
    this.finder = finder;
    this.onPerson = onPerson;
    this.asked = 0;
    /** @type {any} */
    this.timer = null;
    this.input = findInput('[data-hook=search]', root);
    find('[data-search-form]', root).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.search();
    });
    this.input.addEventListener('input', () => {
      clearTimeout(this.timer);
      if (!this.input.value.trim()) return this.clear();
      this.timer = setTimeout(() => void this.search(), 450);
    });
    this.bindWalkin(onWalkin);
  }

  async search() {
    clearTimeout(this.timer);
    const q = this.input.value.normalize('NFKC').trim();
    const turn = ++this.asked;
    if (!q) return this.clear();
    const { found, slow } = await this.finder.search(q);
    if (turn !== this.asked) return;
    const people = found.kind === 'found' ? found.rows : [];
    this.say(slow ? WORDS.searchSlow : found.kind === 'unreached' ? WORDS.searchFailed : found.kind === 'denied' ? WORDS.rejected.not_allowed : people.length ? '' : WORDS.nobodyFound);
    find('[data-search-rows]', this.root).replaceChildren(...people.map((person) => this.row(person)));
  }

  /** @param {Person} person */
  row(person) {
    const stands = (person.status || 'confirmed') === 'confirmed';
    const used = typeof person.used === 'object' && person.used ? Object.values(person.used).reduce((sum, each) => Math.max(sum, Number(each) || 0), 0) : Number(person.used) || 0;
    const facts = [person.phone_tail ? WORDS.tail(person.phone_tail) : '', WORDS.party(person.party_size || 1), stands ? '' : WORDS.statuses[person.status || ''] || person.status, used ? WORDS.wasIn(used) : ''].filter(Boolean).join(' · ');
    const button = make('button', { class: 'person', type: 'button', 'data-hook': 'person', 'data-ref': person.ref }, make('b', {}, person.name || WORDS.noName), make('span', {}, facts), make('span', { class: 'person-pick' }, WORDS.pick));
    button.addEventListener('click', () => {
      this.onPerson(person);
      this.input.value = '';
      this.clear();
    });
    return make('li', {}, button);
  }

  /** Somebody was not found by a code: the search comes into view, ready to be typed into. */
  begin() {
    this.input.scrollIntoView({ block: 'center' });
    this.input.focus({ preventScroll: true });
  }

  /** Somebody else holds the phone now. */
  forget() {
    this.input.value = '';
    this.clear();
  }

  clear() {
    clearTimeout(this.timer);
    this.asked += 1;
    this.say('');
    find('[data-search-rows]', this.root).replaceChildren();
  }

  /** @param {string} text */
  say(text) {
    const line = find('[data-search-say]', this.root);
    line.textContent = text;
    line.hidden = !text;
  }

  /** @param {(walkin: {count: number, name: string | null, phone: string | null, consent: boolean}) => void} onWalkin */
  bindWalkin(onWalkin) {
    const form = /** @type {HTMLFormElement} */ (find('[data-walkin-form]', this.root));
    const count = findInput('[data-hook=walkin-count]', form);
    const fault = find('[data-walkin-fault]', form);
    form.addEventListener('click', (event) => {
      const step = /** @type {HTMLElement} */ (event.target).closest('button')?.dataset.step;
      if (step) count.value = String(Math.min(99, Math.max(1, (Number(count.value) || 1) + Number(step))));
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const data = new FormData(form);
      const [name, phone] = ['name', 'phone'].map((field) => String(data.get(field) || '').trim() || null);
      const consent = data.get('consent') === 'on';
      fault.hidden = !((name || phone) && !consent);
      fault.textContent = fault.hidden ? '' : WORDS.consentFirst;
      if (!fault.hidden) return find('[name=consent]', form).focus();
      onWalkin({ count: Math.min(99, Math.max(1, Math.trunc(Number(count.value)) || 1)), name, phone, consent });
      form.reset();
    });
  }
}
