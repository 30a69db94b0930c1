// The − and + beside a number stay within its bounds, whatever was typed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { stepped } from "../../static/js/lib/stepper.js";

test("steps stay within the bounds", () => {
  assert.equal(stepped(2, 1, 1, 5), 3);
  assert.equal(stepped(5, 1, 1, 5), 5);
  assert.equal(stepped(1, -1, 1, 5), 1);
  assert.equal(stepped(40, -1, 1, 5), 5);
});

test("an empty field starts at the least", () => {
  assert.equal(stepped(NaN, 1, 1, 5), 2);
  assert.equal(stepped(NaN, -1, 1, 5), 1);
});
