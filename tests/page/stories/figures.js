// Every figure of the five reports is the API's: cards, bars and their tables, parts, rows of tables, in several periods.
//
// A report of a period that has ended is read once more by this test, with the same parameters and the same token: it gives the
// same figures. One of a period that has not changes with every reading, so the page is compared with the answer that it got.

import assert from "node:assert/strict";
import { EXPECTED, bars, clock, openTables, shown } from "../figures.js";
import { number } from "../words.js";

export const title = "The figures of the five reports are the API's";

const VIEWS = {
  overview: "activity-summary",
  people: "user-activity/users",
  changes: "case-changes",
  reviews: "quality-review-audit",
  system: "system-events",
};

/** What is as of the reading, not of the period. */
const NOW = ["generated_at", "workload", "health", "jobs", "next_cursor", "last_activity_overall_at"];
const settled = (answer) => JSON.stringify(answer, (key, value) => (NOW.includes(key) ? undefined : value));

export async function run(house) {
  const api = house.api("manager");
  const { time_zone: zone } = await api.get("/api/v1/service");
  const times = clock(zone);
  const ended = new Date(Date.now() - 3 * 86_400_000);
  const days = { since: times.dayOf(new Date(ended.getTime() - 40 * 86_400_000)), until: times.dayOf(ended) };
  const periods = [
    { address: "period=last_week", query: { period: "last_week" } },
    { address: `since=${days.since}&until=${days.until}`, query: days },
    { address: "period=last_quarter", query: { period: "last_quarter" } },
    { address: "period=last_30_days", query: { period: "last_30_days" }, open: true },
    { address: "period=this_week", query: { period: "this_week" }, open: true },
    { address: "period=today", query: { period: "today" }, open: true },
    { address: "period=all", query: { all_time: "true" }, open: true },
  ];
  const visitor = await house.visit("figures", { user: "manager" });
  const busiest = (await api.get("/api/v1/reports/user-activity/users", { all_time: true, sort: "-total_activities", limit: 1 }))
    .entries.data[0].id;
  let compared = 0;
  for (const [view, path] of [...Object.entries(VIEWS), ["people", "user-activity"]]) {
    for (const { address, query, open } of periods) {
      const person = path === "user-activity" ? `&user_id=${busiest}` : "";
      const where = `${view}?${address}${person}`;
      const [answer] = await Promise.all([
        // Not that of a busy service, after which the page asks again.
        visitor.page.waitForResponse(
          (response) => response.ok() && new URL(response.url()).pathname === `/api/v1/reports/${path}`,
        ),
        visitor.go(`#/${where}`),
      ]);
      const report = await answer.json();
      const sent = new URL(answer.url()).searchParams;
      for (const [name, value] of Object.entries(query)) assert.equal(sent.get(name), value, `${where}: ${name}`);
      if (!open) {
        const again = await api.get(`/api/v1/reports/${path}`, Object.fromEntries(sent));
        assert.equal(settled(report), settled(again), `${where} read once more`);
      }
      await openTables(visitor.page);
      compared += compare(where, await shown(visitor.page), EXPECTED[path](report, times), report);
    }
  }
  await visitor.go("#/overview?period=last_week");
  const trend = await visitor.page.locator("[data-direction]").getAttribute("data-direction");
  const week = await api.get("/api/v1/reports/activity-summary", { period: "last_week" });
  assert.equal(trend, week.summary.direction);
  assert.ok((await visitor.text()).includes(`from ${number(week.summary.previous_total)} before`));
  visitor.calm();
  return [`${number(compared)} figures and texts compared`];
}

function compare(where, found, expected, report) {
  let count = 0;
  for (const [label, value] of Object.entries(expected.cards)) {
    assert.equal(found.cards[label], value, `${where}: card "${label}"`);
    count++;
  }
  for (const [label, rows] of Object.entries(expected.tables)) {
    const place = found.tables[label] ?? [];
    assert.equal(place.length, rows.length, `${where}: rows of "${label}"`);
    rows.forEach((row, at) => {
      // The page may show more columns than are compared.
      assert.deepEqual(
        place[at].slice(0, row.length),
        row.map((cell) => cell.replace(/\s+/g, " ").trim()),
        `${where}: row ${at + 1} of "${label}"`,
      );
      count += row.length;
    });
    if (found.ranked[label]) {
      const counts = rows.map((row) => Number(row[2].replaceAll(",", "")));
      const greatest = Math.max(1, ...counts);
      counts.forEach((value, at) =>
        assert.ok(
          Math.abs(found.ranked[label][at] - (value / greatest) * 100) < 0.01,
          `${where}: length of bar ${at + 1} of "${label}"`,
        ),
      );
    }
  }
  if (expected.parts) assert.deepEqual(found.parts, expected.parts, `${where}: parts`);
  return expected.series ? count + compareChart(where, found, expected, report) : count;
}

/** The bars, what they say, and the table that has the same. */
function compareChart(where, found, { series, grouped = false }, report) {
  const called = bars(report, series, grouped);
  assert.equal(found.bars.length, called.bars.length, `${where}: bars`);
  const rows = found.tables[found.chart] ?? [];
  assert.equal(rows.length, called.bars.length, `${where}: rows of the table of "${found.chart}"`);
  if (rows.length) assert.deepEqual(found.heads[found.chart], called.head, `${where}: columns of the table`);
  let count = 0;
  /** How high one is, which is the same for all. @type {number[]} */
  const ratios = [];
  called.bars.forEach(({ words, values, total, row }, at) => {
    const bar = found.bars[at];
    const figures = grouped ? words : `${number(total)} – ${words}`;
    assert.ok(bar.text.endsWith(`: ${figures}`), `${where}: bar ${at + 1} says "${bar.text}" and not "${figures}"`);
    assert.deepEqual(rows[at], [bar.text.split(": ")[0], ...row], `${where}: row ${at + 1} of the table`);
    assert.equal(bar.heights.length, values.length, `${where}: parts of bar ${at + 1}`);
    values.forEach((value, nth) => {
      // A gap of one pixel separates stacked parts, and the lowest bar is one pixel high.
      if (bar.heights[nth] > 20) ratios.push((bar.heights[nth] + (nth && !grouped ? 1 : 0)) / value);
    });
    count += values.length + row.length;
  });
  if (ratios.length)
    assert.ok(
      Math.max(...ratios) / Math.min(...ratios) < 1.001,
      `${where}: bars are not in proportion: ${Math.min(...ratios)} to ${Math.max(...ratios)}`,
    );
  return count;
}
