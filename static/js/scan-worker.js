// @ts-check
/* global SHELL */
/**
 * Keeps the scanner's shell on the phone, so that /scan opens without a network. Served as /scan/worker.js with SHELL written in
 * front: its version, its pages (each in every look) and its files.
 *
 * One cache a version, filled file by file: what is there already is not fetched again, so that a weak network gets on at each
 * attempt. A version is whole only when all of it has arrived and is really of this version; until then the one before serves.
 * A new version waits until a page asks for it or no page is open, so that no page ever runs modules of two versions, and the
 * cache of the one before goes when a page of the new one is the only page open. Records are none of its business: they lie in
 * IndexedDB and stay there.
 */

const CACHE = `scan-${SHELL.version}`;
const WHOLE = '/scan/whole'; // written last: the list of what is there
const LOOK = 'scan-look'; // which language and size to show; pages write it
const AT_ONCE = 4;

self.addEventListener('install', (event) => {
  event.waitUntil(fill());
  // where the browser can, it takes files from the caches by itself: it need not wake this script for each of some sixty modules
  const routed = event.addRoutes?.([{ condition: { urlPattern: { pathname: '/static/*' } }, source: 'cache' }]);
  if (routed) event.waitUntil(Promise.resolve(routed).catch(() => undefined));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  if (event.data === 'take over') event.waitUntil(self.skipWaiting());
  if (event.data === `running ${SHELL.version}`) event.waitUntil(tidy());
  if (event.data === `fill ${SHELL.version}`) event.waitUntil(fill()); // somebody has emptied the browser's storage
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (SHELL.pages.some((page) => page.startsWith(`${url.pathname}?`))) event.respondWith(page(url.pathname, request));
  } else if (url.pathname.includes('/static/')) event.respondWith(file(url.pathname, request));
});

/** Fetches what is missing and writes down that all of it is there; throws where anything is not of this version. */
async function fill() {
  const cache = await caches.open(CACHE);
  const there = new Set((await cache.keys()).map((request) => new URL(request.url).pathname + new URL(request.url).search));
  const missing = [...SHELL.pages, ...SHELL.files].filter((address) => !there.has(address));
  const next = missing.values();
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const address of next) await cache.put(address, await fetched(address));
  });
  await Promise.all(workers);
  await cache.put(WHOLE, Response.json([...SHELL.pages, ...SHELL.files]));
}

/**
 * A captive portal answers 200 with a page of its own; a server that was replaced meanwhile answers with its newer file.
 * @param {string} address
 * @returns {Promise<Response>}
 */
async function fetched(address) {
  const isPage = SHELL.pages.includes(address);
  const response = await fetch(address, { credentials: 'omit', cache: isPage ? 'no-store' : 'default' });
  const right = isPage ? (await response.clone().text()).includes(`data-shell="${SHELL.version}"`) : /immutable/.test(response.headers.get('Cache-Control') || '');
  if (!response.ok || response.redirected || !right) throw new Error(`${address} is not of version ${SHELL.version}`);
  return response;
}

/** @param {string} path @param {Request} request @returns {Promise<Response>} the page in the look that this phone chose */
async function page(path, request) {
  const cache = await caches.open(CACHE);
  const look = await (await caches.match('/scan/look', { cacheName: LOOK }))?.text();
  const wanted = `${path}?${look}`;
  const address = SHELL.pages.includes(wanted) ? wanted : SHELL.pages.find((each) => each.startsWith(`${path}?`));
  return (await cache.match(address)) || fetch(request);
}

/**
 * A file under its own version's address, from whichever version's cache has it. What the decode worker loads lies below
 * /scan/static/, the same files.
 * @param {string} path
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function file(path, request) {
  return (await caches.match(path)) || (await caches.match(path.replace(/^\/scan\/static\//, '/static/'))) || fetch(request);
}

/** Drops the caches of earlier versions once no page of theirs can be open; a later one that is being filled, or waits, stays. */
async function tidy() {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (pages.filter(({ url }) => new URL(url).pathname.startsWith('/scan')).length > 1) return;
  const names = (await caches.keys()).filter((name) => name.startsWith('scan-') && name !== LOOK); // in the order of their making
  for (const name of names.slice(0, Math.max(0, names.indexOf(CACHE)))) await caches.delete(name);
}
