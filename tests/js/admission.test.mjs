// The JavaScript mirror of the decision obeys the same cases as eventsvc/services/admission.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decide } from "../../static/js/lib/admission.js";

const cases = JSON.parse(readFileSync(new URL("../cases/admission.json", import.meta.url), "utf-8"));

for (const { name, door, ticket, entries, scan, expect } of cases) {
  test(name, () => {
    const verdict = decide(door, ticket, entries, scan);
    for (const [key, wanted] of Object.entries(expect)) {
      if (key === "first") assert.equal(verdict.first?.id ?? null, wanted, key);
      else if (key === "opens_at" && wanted) assert.equal(Date.parse(verdict.opens_at), Date.parse(wanted), key);
      else assert.deepEqual(verdict[key], wanted, key);
    }
  });
}
