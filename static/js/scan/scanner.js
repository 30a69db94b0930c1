// @ts-check
/** The scanner as a whole: makes the parts, introduces them to one another, and binds the page's controls. */

import { find, findInput } from '../lib/dom.js';
import { clockTime } from '../lib/moment.js';
import { CountersView } from './counters-view.js';
import { Door } from './door.js';
import { bindDoorControls } from './door-controls.js';
import { Finder } from './finder.js';
import { bindHandover } from './handover.js';
import { Journal } from './journal.js';
import { Outbox } from './outbox.js';
import { PeopleView } from './people-view.js';
import { Poll } from './poll.js';
import { RecordMaker } from './records.js';
import { RecordsView } from './records-view.js';
import { ResultView } from './result-view.js';
import { Roster } from './roster.js';
import { countersOf, placesOf } from './session.js';
import { Signals } from './signals.js';
import { Sounds } from './sounds.js';
import { StatusView } from './status-view.js';
import { bindTabs } from './tabs.js';
import { Transport } from './transport.js';
import { canUndo, describe } from './undo.js';
import { verdictOf } from './verdict.js';
import { keepAwake } from './wake-lock.js';
import { WORDS } from './words.js';

/** @typedef {import('./session.js').Session} Session */

export class Scanner {
  /**
   * @param {HTMLElement} root
   * @param {{store: import('./memory-store.js').Store, keeper: import('./session.js').SessionKeeper, session: Session,
   *          paths: {api: string, session: string, handover: string}}} options
   */
  constructor(root, { store, keeper, session, paths }) {
    this.root = root;
    this.store = store;
    this.keeper = keeper;
    this.session = session;
    this.paths = paths;
    this.placeKey = '';
    this.direction = 'entry';
    this.hold = false;
    this.signals = new Signals();
    this.roster = new Roster();
    this.sounds = new Sounds();
    this.journal = new Journal(store);
    this.status = new StatusView(document, root);
    this.transport = new Transport({ base: paths.api, token: () => this.session.token });
    this.maker = new RecordMaker({ operator: () => this.session.operator });
    this.outbox = new Outbox({
      store,
      transport: this.transport,
      sender: (device) => this.keeper.senders[device] || null,
      remember: (device, sender) => this.keeper.remember(device, sender),
      listeners: {
        onRow: (row) => this.noted(row),
        onCounts: (counts) => {
          this.status.counts(counts);
          this.signals.send('counts', counts);
        },
        onNetwork: (online, network) => {
          this.status.network(online, this.session.event.timezone);
          this.signals.send('network', network);
        },
        onRevoked: (device) => device === this.session.device.id && this.stop(),
      },
    });
    this.finder = new Finder({ transport: this.transport, slug: () => this.session.event.slug, report: (online) => this.outbox.report(online), onRevoked: () => this.stop(), allowed: () => this.may('lookup'), online: () => this.outbox.online });
    this.results = new ResultView(find('[data-hook=result]', root), {
      onConfirm: (count) => this.door.confirm(count),
      onAnswers: (answers) => this.door.answer(answers),
      onChoose: (person) => this.door.choose(person),
      onClose: () => this.door.dismiss(),
      onUndo: (id) => void this.undo(id),
      undoLabel: (id) => this.undoLabel(id),
    });
    this.door = new Door({
      finder: this.finder,
      outbox: this.outbox,
      maker: this.maker,
      view: { show: (screen) => this.results.show(screen), signal: (tone) => this.sounds.play(tone) },
      device: () => this.session.device.id,
      place: () => this.place(),
      direction: () => this.direction,
      maxParty: () => this.session.event.registration?.max_party || 5,
      holds: () => this.hold,
    });
    this.counters = new CountersView(find('[data-counters]', root), { journal: this.journal, onTap: (tap, label) => void this.tap(tap, label), onUndo: (id) => void this.undo(id) });
    this.records = new RecordsView(find('#records', root), { journal: this.journal, onUndo: (id) => void this.undo(id), onDealtWith: (id, again) => void this.outbox.dealtWith(id, again) });
    this.people = new PeopleView(find('#find', root), { finder: this.finder, onPerson: (person) => this.door.person(person), onWalkin: (walkin) => void this.walkin(walkin) });
    this.poll = new Poll({ transport: this.transport, slug: () => this.session.event.slug, journal: this.journal, report: (online) => this.outbox.report(online), onRevoked: () => this.stop(), onFigures: (figures, asOf, askedAt) => this.figured(figures, asOf, askedAt), every: () => (this.may('tally') ? 10000 : 30000) });
  }

  /** @param {string} scope */
  may(scope) {
    return this.session.device.scopes.includes(scope);
  }

  async start() {
    await this.journal.load();
    this.hold = Boolean(await this.store.setting('hold'));
    this.sounds.on = (await this.store.setting('sound')) !== false;
    this.placeKey = (await this.store.setting('place')) || '';
    this.bindSettings();
    bindHandover(this.root, this.paths.handover);
    this.arrange();
    find('[data-ready]', this.root).hidden = false;
    const tabs = find('[data-tabs]', document);
    tabs.hidden = false;
    const controls = this.may('scan') ? bindDoorControls(this.root, this.door) : null;
    bindTabs(tabs, this.sections(), (name, visible) => name === 'scan' && controls?.inView(visible));
    keepAwake((held) => (find('[data-awake-hint]', this.root).hidden = held || document.visibilityState !== 'visible'));
    document.addEventListener('pointerdown', () => this.sounds.unlock(), { capture: true });
    document.addEventListener('keydown', () => this.sounds.unlock(), { capture: true });
    addEventListener('online', () => this.outbox.nudge());
    addEventListener('offline', () => this.outbox.report(false));
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.outbox.nudge();
    });
    setInterval(() => this.status.early(this.session.event, Date.now()), 15000);
    this.listenToOtherTabs();
    await this.outbox.count();
    if (await this.store.setting('manual-offline')) await this.outbox.setManual(true);
    this.outbox.nudge();
    this.poll.start();
  }

  /** Shows what this device may do and where; again when its event has changed. */
  arrange() {
    const { session, root } = this;
    const { event } = session;
    find('.masthead-site', document).textContent = event.short_title || event.title;
    find('#scan', root).hidden = !this.may('scan');
    find('[data-ready]', root).dataset.first = this.may('scan') ? 'scan' : 'count';
    find('#count', root).hidden = !this.may('tally') || countersOf(session).length === 0;
    for (const part of root.querySelectorAll('[data-needs]')) /** @type {HTMLElement} */ (part).hidden = !this.may(part.getAttribute('data-needs') || '');
    find('#find', root).hidden = !this.may('lookup') && !this.may('register');
    for (const link of document.querySelectorAll('[data-tab]')) /** @type {HTMLElement} */ (link).hidden = find(`#${link.getAttribute('data-tab')}`).hidden;
    find('[data-operator]', root).textContent = session.operator || WORDS.noName;
    find('[data-device]', root).textContent = session.device.name;
    this.status.places(placesOf(session), this.place(), this.direction, { onPlace: (key) => this.choosePlace(key), onDirection: (direction) => this.chooseDirection(direction) });
    this.status.early(event, Date.now());
    this.counters.setCounters(countersOf(session));
    this.refresh();
  }

  sections() {
    return [...this.root.querySelectorAll('[data-section]')].map((section) => /** @type {HTMLElement} */ (section));
  }

  /** @param {Session | null} fresh from the cookie; without one the event is read with the token */
  async update(fresh) {
    if (fresh) this.session = { ...fresh, operator: this.session.operator };
    else {
      const reply = await this.transport.send('GET', `/events/${encodeURIComponent(this.session.event.slug)}`);
      if (reply.kind === 'refused' && reply.status === 401) this.stop();
      if (reply.kind !== 'answer' || reply.body?.slug !== this.session.event.slug) return;
      this.session.event = reply.body;
      await this.keeper.keep(this.session);
    }
    this.arrange();
  }

  /** @returns {import('./session.js').Checkpoint | null} the chosen one, else the entrance, else the first */
  place() {
    const places = placesOf(this.session);
    return places.find((place) => place.key === this.placeKey) || places.find((place) => place.entrance) || places[0] || null;
  }

  /** @param {string} key */
  choosePlace(key) {
    this.placeKey = key;
    void this.store.keep('place', key);
    this.arrange();
  }

  /** @param {string} direction */
  chooseDirection(direction) {
    this.direction = direction;
    this.arrange();
  }

  /** @param {any} tap @param {string} label */
  async tap(tap, label) {
    this.sounds.tap(tap.quantity);
    await this.keepTap(this.maker.tally(tap), label);
  }

  /** @param {Record<string, any>} record @param {string} label */
  async keepTap(record, label) {
    const kept = await this.outbox.add(record, this.session.device.id, label).catch(() => null);
    if (!kept) this.door.announce({ tone: 'stop', word: WORDS.notKept, line: WORDS.notSaved });
  }

  /** @param {{count: number, name: string | null, phone: string | null, consent: boolean}} walkin */
  async walkin(walkin) {
    const place = this.place();
    if (!place) {
      this.door.announce({ tone: 'look', word: WORDS.noCheckpoint, line: WORDS.noCheckpointLine });
      return;
    }
    await this.door.carry(this.maker.walkin({ checkpoint: place.key, ...walkin }), WORDS.walkin);
  }

  /** @param {string} id */
  async undo(id) {
    const row = this.journal.byId.get(id);
    if (!row || !canUndo(row, this.journal.rows(), Date.now())) return;
    const what = describe(row);
    const record = this.maker.undo(id);
    this.finder.forget();
    if (row.record.type === 'tally') {
      this.sounds.tap(1);
      await this.keepTap(record, what);
    } else await this.door.carry(record, what);
  }

  /** @param {string} id @returns {string | null} */
  undoLabel(id) {
    const row = this.journal.byId.get(id);
    return row && canUndo(row, this.journal.rows(), Date.now()) ? WORDS.undo(describe(row)) : null;
  }

  /** @param {import('./memory-store.js').Row} row */
  noted(row) {
    this.journal.note(row);
    this.signals.send('row', row);
    if (row.state === 'rejected' && row.record.type !== 'checkin') this.sounds.play(verdictOf(row.result || {}).tone);
    this.refresh();
    this.channel?.postMessage('changed');
  }

  /** @param {any[]} figures @param {string} asOf @param {number} askedAt */
  figured(figures, asOf, askedAt) {
    this.counters.setFigures(figures, askedAt);
    find('[data-as-of]', this.root).textContent = asOf ? WORDS.asOf(clockTime(asOf, this.session.event.timezone)) : '';
  }

  refresh() {
    this.counters.refresh();
    this.records.refresh(this.session.device.id, this.session.event.timezone);
  }

  bindSettings() {
    for (const [name, apply] of /** @type {[string, (on: boolean) => void][]} */ ([['hold', (on) => (this.hold = on)], ['sound', (on) => (this.sounds.on = on)]])) {
      const box = findInput(`[data-setting=${name}]`, this.root);
      box.checked = name === 'hold' ? this.hold : this.sounds.on;
      box.addEventListener('change', () => {
        apply(box.checked);
        void this.store.keep(name, box.checked);
      });
    }
    const shift = /** @type {HTMLFormElement} */ (find('[data-shift-form]', this.root));
    shift.addEventListener('submit', async (event) => {
      event.preventDefault();
      const operator = findInput('[name=operator]', shift).value.trim();
      if (!operator) return;
      await this.keeper.changeOperator(this.session, operator);
      shift.reset();
      this.arrange();
    });
  }

  listenToOtherTabs() {
    if (!('BroadcastChannel' in globalThis)) return;
    this.channel = new BroadcastChannel('eventsvc-scan');
    this.channel.onmessage = async () => {
      await this.journal.load();
      await this.outbox.count();
      this.refresh();
    };
  }

  /** The server does not know this device any more: nothing more is recorded; what waits stays on the phone. */
  async stop() {
    if (this.stopped) return;
    this.stopped = true;
    this.poll.stop();
    this.sounds.play('stop');
    const pending = await this.store.countState('queued');
    this.status.revoked(pending);
    this.signals.send('revoked', { pending, salvaged: false });
  }
}
