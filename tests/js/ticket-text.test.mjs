import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { parseTicketText } from '../../static/js/scan/ticket-text.js';

const cases = JSON.parse(readFileSync(new URL('../cases/ticket-text.json', import.meta.url), 'utf8'));

for (const { name, text, expect } of cases) {
  test(`ticket text: ${name}`, () => assert.deepEqual(parseTicketText(text), expect));
}
