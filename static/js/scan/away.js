// @ts-check
/** Introduces what the phone can do without a network to the scanner: the stored shell, the banner, the switch, the queue that changes hands. */

import { find, findInput } from '../lib/dom.js';
import { OfflineView } from './offline-view.js';
import { RelayGive } from './relay-give.js';
import { RelayTake } from './relay-take.js';
import { Shell, keepLook } from './shell.js';

/** @typedef {import('./scanner.js').Scanner} Scanner */

/** Milliseconds after which the page is stored even though the list has not come. */
const LIST_FIRST = 6000;

/**
 * @param {HTMLElement} root
 * @param {Scanner} scanner
 * @returns {{start(): void, heard(session: any): void, reload(): void}} `heard`: what the server has just said of this phone
 */
export function bindAway(root, scanner) {
  const { store, outbox, signals } = scanner;
  let leaving = false;
  let pending = 0;
  const reload = () => {
    leaving = store.lasting;
    location.reload();
  };

  const view = new OfflineView(root, { lasting: store.lasting, zone: () => scanner.session.event.timezone, needsRoster: () => scanner.may('scan') });
  const shell = new Shell({ onState: (state) => view.learn({ shell: state }), reload });
  listen(signals, 'counts', (counts) => {
    pending = counts.pending;
    view.learn({ pending });
  });
  listen(signals, 'network', (network) => view.learn({ network }));
  listen(signals, 'roster', (roster) => view.learn({ roster }));
  listen(signals, 'revoked', (told) => view.revoked(told));
  addEventListener('beforeunload', (event) => {
    if (pending === 0 || leaving) return;
    event.preventDefault();
    event.returnValue = true; // older browsers ask only then
  });

  bindSwitch(root, scanner);
  bindRelay(root, scanner);
  bindLanguage(root, { reload, stored: () => shell.state.stored });
  find('[data-act=update]', root).addEventListener('click', () => shell.update());
  find('[data-act=hide-update]', root).addEventListener('click', () => view.hide('update'));
  find('[data-act=hide-noworker]', root).addEventListener('click', () => {
    view.hide('noworker');
    void store.keep('noworker-seen', true);
  });

  return {
    start() {
      view.learn({ network: outbox.reach.state(), roster: scanner.roster.state() });
      void store.setting('noworker-seen').then((seen) => seen && view.hide('noworker'));
      void listThere(scanner).then(() => shell.start());
    },
    heard({ look, server_time: serverTime }) {
      if (serverTime) view.clock(serverTime);
      if (look) void keepLook(look.lang, look.display);
    },
    reload,
  };
}

/**
 * The list goes first, and only then some ninety files of the page: without the list nobody can be checked in when the network goes.
 * @param {Scanner} scanner
 * @returns {Promise<void>}
 */
function listThere(scanner) {
  return new Promise((resolve) => {
    if (!scanner.may('scan') || scanner.roster.ready) return resolve();
    setTimeout(resolve, LIST_FIRST);
    listen(scanner.signals, 'roster', (roster) => roster.ready && resolve());
  });
}

/** @param {EventTarget} signals @param {string} name @param {(detail: any) => void} hear */
function listen(signals, name, hear) {
  signals.addEventListener(name, (event) => hear(/** @type {CustomEvent} */ (event).detail));
}

/** The manual switch, in the settings and in the banner. @param {HTMLElement} root @param {Scanner} scanner */
function bindSwitch(root, { outbox }) {
  const box = findInput('[data-hook=manual-offline]', root);
  box.addEventListener('change', () => void outbox.setManual(box.checked));
  find('[data-act=work-offline]', root).addEventListener('click', () => void outbox.setManual(true));
  find('[data-act=work-online]', root).addEventListener('click', () => void outbox.setManual(false));
  find('[data-act=try-now]', root).addEventListener('click', () => outbox.nudge());
}

/** @param {HTMLElement} root @param {Scanner} scanner */
function bindRelay(root, scanner) {
  const take = new RelayTake(find('[data-relay=take]', root), { adopt: (rows, sender) => scanner.loaded.then(() => scanner.outbox.adopt(rows, sender)), signal: (tone) => scanner.sounds.play(tone) });
  scanner.otherwise = (text) => take.offer(text);
  const give = new RelayGive(find('[data-relay=give]', root), { store: scanner.store, senderOf: (device) => uploader(scanner, device) });
  find('[data-act=give]', root).addEventListener('click', () => void give.open());
  listen(scanner.signals, 'counts', ({ pending }) => pending === 0 && give.uploaded());
}

/**
 * The token that may do nothing but upload a device's records; the phone's own token is never shown.
 * @param {Scanner} scanner
 * @param {string} device
 * @returns {{token: string, slug: string} | null}
 */
function uploader({ session, keeper }, device) {
  if (device === session.device.id) return session.upload_token ? { token: session.upload_token, slug: session.event.slug } : null;
  const sender = keeper.senders[device];
  const token = [sender?.upload_token, sender?.token].find((each) => each?.startsWith('eu_'));
  return token ? { token, slug: sender.slug } : null;
}

/** The stored page has no form token: the switch goes by script. @param {HTMLElement} root @param {{reload: () => void, stored: () => boolean}} shell */
function bindLanguage(root, { reload, stored }) {
  const form = find('[data-hook=language]', root);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (find('button', form));
    const body = new URLSearchParams({ lang: button.value, next: '/scan' });
    const told = await fetch('/language', { method: 'POST', headers: { 'X-Requested-With': 'scan' }, body, redirect: 'manual' }).catch(() => null);
    if (!told && !stored()) return; // without a network and without a stored page a reload would end in nothing
    await keepLook(button.value, document.documentElement.dataset.display || 'standard');
    reload();
  });
}
