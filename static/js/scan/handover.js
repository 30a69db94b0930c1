// @ts-check
/** WeChat's own browser shares nothing with Safari or Chrome: a hint, and a link that makes the other browser a device too. */

import { find, findInput } from '../lib/dom.js';
import { postWithCookie } from './session.js';

/** @param {string} agent @returns {boolean} */
export const inWeChat = (agent) => /MicroMessenger/i.test(agent);

/** @param {HTMLElement} root @param {string} path */
export function bindHandover(root, path) {
  const banner = find('[data-notice=wechat]', root);
  if (!inWeChat(navigator.userAgent)) return;
  banner.hidden = false;
  const url = findInput('[data-handover-url]', banner);
  find('[data-act=hide-wechat]', banner).addEventListener('click', () => (banner.hidden = true));
  find('[data-act=handover]', banner).addEventListener('click', async () => {
    const reply = await postWithCookie(path);
    const link = reply?.status === 200 && typeof reply.body?.join_url === 'string' ? reply.body.join_url : '';
    find('[data-handover-failed]', banner).hidden = Boolean(link);
    find('[data-handover-link]', banner).hidden = !link;
    url.value = link;
    if (/^https?:/.test(link)) find('[data-handover-open]', banner).setAttribute('href', link);
  });
  find('[data-act=copy-handover]', banner).addEventListener('click', async () => {
    url.select();
    await navigator.clipboard?.writeText(url.value).catch(() => document.execCommand('copy'));
  });
}
