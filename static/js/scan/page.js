// @ts-check
/** Opens the scanner: with what this phone keeps if it has joined before, else by the device cookie. */

import { find } from '../lib/dom.js';
import { bindAway } from './away.js';
import { openStore } from './idb-store.js';
import { Scanner } from './scanner.js';
import { SessionKeeper } from './session.js';

const RETRY = 4000;

const root = find('[data-scan]');
const paths = { api: root.dataset.api || '/api/v1', session: root.dataset.session || '/scan/session', handover: root.dataset.handover || '/scan/handover' };

/** @param {string} name */
function notice(name) {
  for (const each of ['loading', 'unreached', 'unjoined']) find(`[data-notice=${each}]`, root).hidden = each !== name;
}

/**
 * Whoever just came from /join asks first, since this browser may now serve another event.
 * @param {SessionKeeper} keeper
 * @returns {Promise<import('./session.js').Session>}
 */
async function sessionOf(keeper) {
  const kept = await keeper.kept();
  const joined = location.hash === '#joined';
  if (kept && !joined) return kept;
  for (;;) {
    const { session, reached } = await keeper.fetch(paths.session);
    if (joined && (session || reached)) history.replaceState(null, '', location.pathname);
    if (session) return session;
    if (kept) return kept;
    notice(reached ? 'unjoined' : 'unreached');
    await new Promise((resolve) => {
      setTimeout(resolve, reached ? RETRY * 5 : RETRY);
      addEventListener('online', resolve, { once: true });
    });
  }
}

async function open() {
  const store = await openStore();
  find('[data-notice=memory]', root).hidden = store.lasting;
  const keeper = new SessionKeeper(store);
  const session = await sessionOf(keeper);
  void navigator.storage?.persist?.().catch(() => false);
  const scanner = new Scanner(root, { store, keeper, session, paths });
  const away = bindAway(root, scanner);
  await scanner.start();
  notice('');
  root.dataset.mode = 'ready';
  away.start();
  if (location.hash.length > 20) {
    const code = location.hash.slice(1); // from a ticket's check-in page that could not ask the desk's questions
    history.replaceState(null, '', location.pathname);
    scanner.door.scan(code, 'photo');
  }
  const { session: fresh } = await keeper.fetch(paths.session);
  if (fresh && fresh.device.id !== session.device.id) away.reload();
  else {
    if (fresh) away.heard(fresh);
    await scanner.update(fresh);
  }
}

void open();
