/** The live page's names of figures and the columns of its chart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { columns, valueOf } from "../../static/js/manage/live-figures.js";

const stats = {
  entries: 6,
  as_of: "2026-08-14T18:00:00+08:00",
  by_checkpoint: [{ key: "gate", entries: 5 }],
  counters: [{ key: "consult", total: 3, stock_left: null, taken_out: 1, by_topic: { "政务公开": 2, "a:b": 1 } }],
};

test("a figure is found by its name", () => {
  const wanted = { entries: 6, "checkpoint:gate": 5, "counter:consult": 3, "counter:consult:out": 1, "counter:consult:topic:政务公开": 2, "counter:consult:topic:a:b": 1, "counter:consult:topic:新的": 0 };
  for (const [name, value] of Object.entries(wanted)) assert.equal(valueOf(stats, name), value, name);
});

test("what is no figure has no value", () => {
  for (const name of ["as_of", "nonsense", "counter:none", "checkpoint:none", "counter:consult:left", "by_checkpoint"]) assert.equal(valueOf(stats, name), null, name);
});

test("columns stay inside the box and the last quarters are kept", () => {
  const quarters = Array.from({ length: 40 }, (_, n) => ({ at: `${n}`, entries: n }));
  const drawn = columns(quarters);
  assert.equal(drawn.length, 24);
  assert.equal(drawn.at(-1).at, "39");
  for (const column of drawn) assert.ok(column.x >= 0 && column.x + column.width <= 100 && column.y >= 4 && column.y + column.height <= 36.001);
  assert.deepEqual(columns([]), []);
  assert.equal(columns([{ at: "18:00", entries: 0 }])[0].height, 0);
});
