// @ts-check
/**
 * The event's tickets on this phone: kept page by page as they come, so that a broken download goes on where it stopped,
 * and held in memory, so that a decision reads no store.
 *
 * @typedef {import('./roster-index.js').RosterPage} RosterPage
 * @typedef {{ready: boolean, stored: boolean, at: number | null, tickets: number, spares: number}} RosterState
 *   `ready`: it is whole; `stored`: it outlives a reload; `at`: when it was last confirmed to be current
 */

import { RosterIndex } from './roster-index.js';

/** Lets the page do something else. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

/** So many stored pages are made one. */
const MANY_PAGES = 60;

export class Roster {
  /**
   * @param {{store: import('./memory-store.js').Store, slug: string, onChange?: (page: RosterPage) => void, onState?: (state: RosterState) => void}} options
   */
  constructor({ store, slug, onChange = () => {}, onState = () => {} }) {
    this.store = store;
    this.slug = slug;
    this.onChange = onChange;
    this.onState = onState;
    this.index = new RosterIndex();
    this.ready = false;
    this.stored = false;
    /** @type {number | null} */
    this.at = null;
    this.lastPage = 0;
    /** @type {Promise<void>} */
    this.reading = Promise.resolve();
    this.pages = 0;
  }

  /** @returns {RosterState} */
  state() {
    return { ready: this.ready, stored: this.ready && this.stored, at: this.at, tickets: this.index.byRef.size, spares: this.index.spares.size };
  }

  /** @returns {RosterIndex | null} null while it is not whole */
  whole() {
    return this.ready ? this.index : null;
  }

  /** Reads what is stored: at the start, and what another tab has stored since; one reading after another. */
  load() {
    this.reading = this.reading.catch(() => undefined).then(() => this.read());
    return this.reading;
  }

  async read() {
    let read = 0;
    for (;;) {
      const [found] = await this.store.pages(this.slug, this.lastPage, 1);
      if (!found) break;
      if (read) await pause(); // whoever types meanwhile sees what they type
      this.apply(found.page);
      this.lastPage = found.seq;
      read += 1;
    }
    this.pages += read;
    this.stored = this.store.lasting && (read > 0 || this.stored);
    const current = await this.store.setting(`roster ${this.slug}`);
    if (this.ready && current?.page === this.lastPage) {
      this.index.cursor = current.cursor;
      this.at = Math.max(current.at, this.at ?? 0);
    }
    if (this.pages > MANY_PAGES) await this.compact();
    this.onState(this.state());
  }

  /** @param {RosterPage} page */
  apply(page) {
    if (page.reset) this.ready = false;
    this.index.apply(page);
    if (!page.has_more) this.ready = true;
    this.onChange(page);
  }

  /**
   * Keeps a page and takes it in; where it cannot be kept it still serves until the page is closed.
   * @param {RosterPage} page
   * @param {number} askedAt when its request began
   */
  async take(page, askedAt) {
    const news = page.reset || page.has_more || !this.ready || page.tickets.length || page.removed?.length || page.spare?.length || JSON.stringify(page.event) !== JSON.stringify(this.index.event);
    this.index.cursor = page.cursor;
    if (news) {
      const { tickets, removed, spare, cursor, reset, salt, event, has_more: hasMore } = page;
      const kept = { tickets, removed, spare, cursor, reset, salt, event, has_more: hasMore };
      try {
        this.lastPage = await this.store.addPage(this.slug, kept);
        this.stored = this.store.lasting && (this.stored || Boolean(reset) || this.pages === 0);
        this.pages += 1;
      } catch {
        this.stored = false;
      }
      this.apply(kept);
    }
    if (!page.has_more) {
      this.at = askedAt;
      await this.store.keep(`roster ${this.slug}`, { at: askedAt, cursor: page.cursor, page: this.lastPage }).catch(() => undefined);
    }
    this.onState(this.state());
  }

  /** Makes the stored pages one; another tab that has not read them yet reads that one. */
  async compact() {
    const page = { ...this.index.whole(), has_more: !this.ready };
    this.lastPage = await this.store.replacePages(this.slug, page).catch(() => this.lastPage);
    this.pages = 1;
  }

  /** Drops everything that it says of people, here and in the store. */
  async wipe() {
    this.index.clear();
    this.ready = false;
    this.stored = false;
    this.at = null;
    this.pages = 0;
    await this.store.dropPages(this.slug);
    await this.store.keep(`roster ${this.slug}`, null);
    this.onState(this.state());
  }
}
