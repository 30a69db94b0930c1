// @ts-check
/** The hash by which a phone knows a ticket's code without knowing the code: the first 96 bits of SHA-256, base64url. */

import { sha256 } from '../../vendor/noble-hashes-2.4.0/sha256.js';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const BYTES = 12;

/** @param {string} text @returns {string} 16 characters */
export function shortHash(text) {
  const bytes = sha256(new TextEncoder().encode(text));
  let digits = '';
  for (let at = 0; at < BYTES; at += 3) {
    const three = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    for (const shift of [18, 12, 6, 0]) digits += DIGITS[(three >> shift) & 63];
  }
  return digits;
}
