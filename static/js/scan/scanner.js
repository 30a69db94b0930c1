// @ts-check
/** The scanner as a whole: makes the parts, introduces them to one another, and binds the page's controls. */

import { find } from '../lib/dom.js';
import { rfc3339 } from '../lib/moment.js';
import { CountersView } from './counters-view.js';
import { Delivery } from './delivery.js';
import { Door } from './door.js';
import { bindDoorControls } from './door-controls.js';
import { Finder } from './finder.js';
import { bindHandover } from './handover.js';
import { Journal } from './journal.js';
import { Offline } from './offline.js';
import { said } from './offline-view.js';
import { OtherTabs } from './other-tabs.js';
import { Outbox } from './outbox.js';
import { PeopleView } from './people-view.js';
import { Poll } from './poll.js';
import { Presence } from './presence.js';
import { RecordMaker } from './records.js';
import { RecordsView } from './records-view.js';
import { ResultView } from './result-view.js';
import { Revocation } from './revocation.js';
import { countersOf, placesOf } from './session.js';
import { bindSettings } from './settings.js';
import { Signals } from './signals.js';
import { Sounds } from './sounds.js';
import { earlyNotice, StatusView } from './status-view.js';
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
    /** The list and what this phone has let in are in memory: until then a scan waits, and the page can be used. @type {Promise<void>} */
    this.loaded = new Promise((resolve) => (this.isLoaded = resolve));
    this.signals = new Signals();
    /** Takes what the camera reads and is no ticket. @type {(text: string) => boolean} */
    this.otherwise = () => false;
    this.sounds = new Sounds();
    this.journal = new Journal(store);
    this.status = new StatusView(document, root);
    this.transport = new Transport({ base: paths.api, token: () => this.session.token });
    this.maker = new RecordMaker({ operator: () => this.session.operator });
    this.outbox = new Outbox({
      store,
      transport: this.transport,
      sender: (device) => this.keeper.senders[device] || null,
      senders: () => Object.keys(this.keeper.senders),
      remember: (device, sender) => this.keeper.remember(device, sender),
      envelope: () => this.envelope(),
      mark: (record) => this.offline.mark(record),
      mayGo: (row) => !this.offline.own.needs(row),
      listeners: {
        onRow: (row) => this.noted(row),
        onCounts: (counts) => {
          this.status.counts(counts);
          this.signals.send('counts', counts);
        },
        onPending: (counts) => this.status.counts(counts),
        onNetwork: (online, network) => {
          this.status.network(online);
          this.signals.send('network', network);
          this.tabs.tellManual(network.manual);
          if (online && this.started) void this.outbox.beat(this.session.device.id);
        },
        onRevoked: (device, code) => void this.revocation.of(device, code),
        onServerTime: (time) => this.offline.heardTime(time),
      },
    });
    const report = (/** @type {boolean} */ online) => this.outbox.report(online);
    const onRevoked = (/** @type {string} */ code) => void this.revocation.of(this.session.device.id, code);
    const mayAsk = () => !this.outbox.reach.manual && document.visibilityState === 'visible';
    this.offline = new Offline({
      store,
      transport: this.transport,
      slug: session.event.slug,
      event: () => this.session.event,
      device: () => this.session.device.name,
      report,
      upload: () => this.outbox.nudge(),
      onRevoked,
      mayAsk,
      onChange: () => this.finder.forget(),
      onEvent: (event) => void this.newEvent(event),
      onState: (state) => {
        this.signals.send('roster', state);
        if (this.started && state.ready) void this.presence.tell();
      },
    });
    this.roster = this.offline.roster;
    this.presence = new Presence({ outbox: this.outbox, device: () => this.session.device.id, says: () => this.envelope() });
    this.revocation = new Revocation({
      store,
      transport: this.transport,
      outbox: this.outbox,
      roster: this.roster,
      own: () => this.session.device.id,
      onStop: () => this.stop(),
      onState: (ending) => this.ended(ending),
      onWiped: () => {
        this.door.forget();
        this.finder.forget();
        void this.tabs.readAll();
      },
      onBack: () => location.reload(),
    });
    this.tabs = new OtherTabs({ store, journal: this.journal, offline: this.offline, outbox: this.outbox, onHeard: () => this.refresh() });
    this.finder = new Finder({ transport: this.transport, slug: () => this.session.event.slug, report, onRevoked, allowed: () => this.may('lookup'), online: () => this.outbox.online, loaded: () => this.loaded, roster: () => this.roster.whole(), used: (ticket) => this.offline.judge.used(ticket) });
    this.results = new ResultView(find('[data-hook=result]', root), {
      onConfirm: (count) => this.door.confirm(count),
      onAnswers: (answers) => this.door.answer(answers),
      onChoose: (person) => this.door.choose(person),
      onClose: () => this.door.dismiss(),
      onUndo: (id) => void this.undo(id),
      undoLabel: (id) => this.undoLabel(id),
      onSearch: () => {
        this.door.dismiss();
        this.people.begin();
      },
      maySearch: () => this.may('lookup'),
    });
    this.door = new Door({
      finder: this.finder,
      delivery: new Delivery({ outbox: this.outbox, device: () => this.session.device.id, judge: this.offline.judge }),
      maker: this.maker,
      view: { show: (screen) => this.results.show(screen), signal: (tone) => void setTimeout(() => this.sounds.play(tone)) }, // seen first, heard in the same moment
      place: () => this.place(),
      early: () => this.early(),
      direction: () => this.direction,
      maxParty: () => this.session.event.registration?.max_party || 5,
      holds: () => this.hold,
      loaded: () => this.loaded,
    });
    this.counters = new CountersView(find('[data-counters]', root), { journal: this.journal, onTap: (tap, label) => void this.tap(tap, label), onUndo: (id) => void this.undo(id), device: () => this.session.device.id });
    this.records = new RecordsView(find('#records', root), { journal: this.journal, onUndo: (id) => void this.undo(id), onDealtWith: (id, again) => void this.outbox.dealtWith(id, again), operator: () => this.session.operator });
    this.people = new PeopleView(find('#find', root), { finder: this.finder, onPerson: (person) => this.door.person(person), onWalkin: (walkin) => void this.walkin(walkin) });
    this.poll = new Poll({ store, transport: this.transport, slug: () => this.session.event.slug, journal: this.journal, report, onRevoked, mayAsk, onFigures: (figures, asOf, askedAt) => this.figured(figures, asOf, askedAt), every: () => (this.may('tally') ? 10000 : 30000) });
  }

  /** @param {string} scope */
  may(scope) {
    return this.session.device.scopes.includes(scope);
  }

  async start() {
    const [hold, sound, place, manual, since] = await Promise.all([...['hold', 'sound', 'place', 'manual-offline', 'offline-since'].map((name) => this.store.setting(name)), this.journal.load(), this.poll.recall()]);
    this.outbox.reach.recall(since);
    this.hold = Boolean(hold);
    this.sounds.on = sound !== false;
    this.placeKey = place || '';
    bindSettings(
      this.root,
      { hold: { on: this.hold, apply: (on) => void this.store.keep('hold', (this.hold = on)) }, sound: { on: this.sounds.on, apply: (on) => void this.store.keep('sound', (this.sounds.on = on)) } },
      (operator) => this.changeShift(operator),
    );
    bindHandover(this.root, this.paths.handover);
    this.arrange();
    find('[data-ready]', this.root).hidden = false;
    const tabs = find('[data-tabs]', document);
    tabs.hidden = false;
    const controls = this.may('scan') ? bindDoorControls(this.root, this.door, (text) => this.otherwise(text), () => this.results.past()) : null;
    bindTabs(tabs, this.sections(), (name, visible) => name === 'scan' && controls?.inView(visible));
    keepAwake((held) => (find('[data-awake-hint]', this.root).hidden = held || document.visibilityState !== 'visible'));
    document.addEventListener('pointerdown', () => this.sounds.unlock(), { capture: true });
    document.addEventListener('keydown', () => this.sounds.unlock(), { capture: true });
    const wake = () => void (this.may('scan') ? this.offline.sync.nudge() : this.outbox.nudge());
    addEventListener('online', wake);
    addEventListener('offline', () => this.outbox.report(false));
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wake());
    setInterval(() => this.status.early(this.early()), 15000);
    if (manual) await this.outbox.setManual(true);
    void this.outbox.count();
    this.started = true;
    setTimeout(() => void this.load(wake));
  }

  /** What takes longer than a page may take to open: the list, then whatever asks the server. @param {() => void} wake */
  async load(wake) {
    if (await this.revocation.isOver(this.session.device.id)) return void this.revocation.of(this.session.device.id, 'device_revoked');
    await this.offline.load(() => this.journal.rows());
    this.isLoaded?.();
    this.signals.send('roster', this.roster.state());
    wake();
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
    this.status.early(this.early());
    this.status.standing(event);
    this.counters.setCounters(countersOf(session));
    this.refresh();
  }

  /** @param {string} operator who is on duty from now on; nothing that the last one looked up stays on the screen */
  async changeShift(operator) {
    await this.keeper.changeOperator(this.session, operator);
    this.people.forget();
    this.arrange();
    void this.presence.tell();
  }

  sections() {
    return [...this.root.querySelectorAll('[data-section]')].map((section) => /** @type {HTMLElement} */ (section));
  }

  /** @param {Session | null} fresh from the cookie; without one the event is read with the token */
  async update(fresh) {
    if (fresh) this.session = { ...fresh, operator: this.session.operator };
    else {
      const reply = await this.transport.send('GET', `/events/${encodeURIComponent(this.session.event.slug)}`);
      if (reply.kind === 'refused' && reply.status === 401) void this.revocation.of(this.session.device.id, reply.code);
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

  /** @returns {string} when the event begins and its door opens, while it has not begun */
  early() {
    const place = this.place();
    return earlyNotice(this.session.event, this.offline.judge.now(), place ? this.offline.judge.opensAt(place.key) : null);
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

  /** @param {Record<string, any>} record @param {string} label @param {string} [device] whose record it is */
  async keepTap(record, label, device = this.session.device.id) {
    const kept = await this.outbox.add(record, device, label).catch(() => null);
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
    if (!row || !canUndo(row, this.journal, Date.now())) return;
    const what = describe(row);
    const record = this.maker.undo(id);
    this.finder.forget();
    if (row.record.type === 'tally') {
      this.sounds.tap(1);
      await this.keepTap(record, what, row.device);
    } else await this.door.carry(record, what, row.device);
  }

  /** @param {string} id @returns {string | null} */
  undoLabel(id) {
    const row = this.journal.byId.get(id);
    return row && canUndo(row, this.journal, Date.now()) ? WORDS.undo(describe(row)) : null;
  }

  /** @param {import('./memory-store.js').Row} row */
  noted(row) {
    this.journal.note(row);
    this.offline.note(row);
    this.signals.send('row', row);
    if (row.state === 'rejected' && row.record.type !== 'checkin') this.sounds.play(verdictOf(row.result || {}).tone);
    this.tabs.tell(row.id);
    this.refresh();
  }

  /** @param {any[]} figures @param {string} asOf @param {number} askedAt */
  figured(figures, asOf, askedAt) {
    this.counters.setFigures(figures, askedAt);
    find('[data-as-of]', this.root).textContent = asOf ? WORDS.asOf(said(Date.parse(asOf), Date.now(), this.session.event.timezone)) : '';
  }

  /** Shows what has changed, soon and once: a decision must not wait for the lists. */
  refresh() {
    if (this.refreshing) return;
    this.refreshing = true;
    setTimeout(() => {
      this.refreshing = false;
      this.counters.refresh();
      this.records.refresh(this.session.device.id, this.session.event.timezone);
    });
  }

  /** @returns {Record<string, any>} what every batch tells of this phone */
  envelope() {
    const version = document.documentElement.dataset.shell || '';
    const { operator } = this.session;
    return { roster_at: this.roster.at === null ? null : rfc3339(new Date(this.roster.at)), ...(operator ? { operator } : {}), ...(version ? { version: version.slice(0, 40) } : {}) };
  }

  /** @param {any} event as the roster brought it */
  async newEvent(event) {
    this.session.event = event;
    this.arrange();
    await this.keeper.keep(this.session);
  }

  stop() {
    if (this.stopped) return;
    this.stopped = true;
    this.poll.stop();
    this.offline.sync.stop();
    this.sounds.play('stop');
  }

  /** @param {import('./revocation.js').Ending} ending */
  ended(ending) {
    this.status.revoked(ending.pending);
    this.signals.send('revoked', ending);
  }
}
