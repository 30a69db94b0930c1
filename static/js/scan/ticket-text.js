// @ts-check
/**
 * What a scanned or typed text is: one of our tickets, a pick-up code, or foreign. Foreign text never leaves the phone.
 *
 * The mirror of `eventsvc/services/codes.py`; both obey `tests/cases/ticket-text.json`.
 *
 * @typedef {{kind: 'code', code: string} | {kind: 'pickup', code: string} | {kind: 'foreign'}} TicketText
 */

/** Longer texts are foreign unread: no address of ours comes near. */
const LONGEST = 512;

/** White space, control characters, zero-width characters and every kind of hyphen. */
const NOISE = /[\s\u0000-\u0020\u007f-\u00a0\u00ad\u180e\u200b-\u200f\u2010-\u2015\u2028-\u202f\u205f-\u2064\u2212\u3000\ufeff-]/g;

/** A hand scanner may put the symbology in front: `]Q1`. */
const AIM = /^\][A-Z][0-9]/;

const HOST = String.raw`(?:\[[0-9A-F:.]+\]|[^/?#:\[\]]+)(?::[0-9]+)?`;
const ADDRESS = new RegExp(`^(?:HTTPS?://)?${HOST}/(?:[^?#]*/)?T/([0-9A-Z]{20})/?(?:[?#].*)?$`, 's');
const CODE = /^[0-9A-HJKMNP-TV-Z]{20}$/;
const PICKUP = /^[0-9]{6}$/;

/**
 * @param {string} text as scanned or typed
 * @returns {TicketText}
 */
export function parseTicketText(text) {
  if (text.length > LONGEST) return { kind: 'foreign' };
  const plain = text.normalize('NFKC').replace(NOISE, '').toUpperCase().replace(AIM, '');
  if (PICKUP.test(plain)) return { kind: 'pickup', code: plain };
  const match = ADDRESS.exec(plain);
  const code = (match ? match[1] : plain).replace(/[IL]/g, '1').replace(/O/g, '0');
  return CODE.test(code) ? { kind: 'code', code } : { kind: 'foreign' };
}
