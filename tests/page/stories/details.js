// What people rely on without looking for it: how fresh a report is, the instant of a time, the periods, what changed, and that
// nothing moves or is read again by itself.

import assert from "node:assert/strict";
import { clock, words } from "../words.js";

export const title = "Freshness, instants, periods, what changed, loading and reduced motion";

/** The presets, and what each asks the API for. */
const PERIODS = {
  today: ["period", "today"],
  this_week: ["period", "this_week"],
  last_week: ["period", "last_week"],
  last_30_days: ["period", "last_30_days"],
  this_quarter: ["period", "this_quarter"],
  last_quarter: ["period", "last_quarter"],
  all: ["all_time", "true"],
};
const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

export async function run(house) {
  const { time_zone: zone } = await house.api("manager").get("/api/v1/service");
  const { time } = clock(zone);
  await periods(house, time);
  await changes(house, time);
  await loading(house);
  await motion(house);
}

const report = (page, name) =>
  page.waitForResponse((response) => response.ok() && new URL(response.url()).pathname === `/api/v1/reports/${name}`);

async function periods(house, time) {
  const visitor = await house.visit("details", { user: "manager", hash: "#/overview?since=2026-01-01&until=2026-01-05" });
  const { page } = visitor;
  const offered = await page.locator(".period .choice").evaluateAll((all) => all.map(({ id }) => id.replace("period-", "")));
  assert.deepEqual(offered, Object.keys(PERIODS));
  assert.equal(await page.locator(".period input[type=date]").count(), 2, "and days of one's own");
  for (const [name, [parameter, value]] of Object.entries(PERIODS)) {
    const [answer] = await Promise.all([report(page, "activity-summary"), visitor.follow(page.locator(`#period-${name}`))]);
    assert.equal(new URL(answer.url()).searchParams.get(parameter), value);
    const stamp = (await page.locator(".stamp").innerText()).replace(/\s+/g, " ");
    assert.ok(stamp.includes(`updated ${time((await answer.json()).generated_at)}`), `${name}: ${stamp}`);
  }
  // Read once, not again and again.
  let reads = 0;
  page.on("request", (request) => new URL(request.url()).pathname.startsWith("/api/v1/reports/") && reads++);
  await page.waitForTimeout(4_000);
  assert.equal(reads, 0);
  for (const hash of ["#/overview", "#/log", "#/changes", "#/alerts"]) {
    await visitor.go(hash);
    const times = await page
      .locator("#main time")
      .evaluateAll((all) => all.map((one) => [one.title, one.getAttribute("datetime")]));
    assert.ok(times.length > 0, hash);
    for (const [title, instant] of times) assert.ok(INSTANT.test(title) && title === instant, `${hash}: ${title}`);
  }
  visitor.calm("periods");
}

/** Each change of a field: from, to. */
async function changes(house, time) {
  const visitor = await house.visit("details", { user: "manager", hash: "#/alerts" });
  const { page } = visitor;
  const [answer] = await Promise.all([report(page, "case-changes"), visitor.go("#/changes?period=last_week")]);
  const { entries } = await answer.json();
  const cells = await page
    .locator('.scroll[aria-label="Changes"] tbody tr')
    .evaluateAll((rows) => rows.map((row) => (row.lastElementChild?.textContent ?? "").replace(/\s+/g, " ")));
  const value = (field, text, name) =>
    name ?? (INSTANT.test(text) ? time(text) : ["status", "tier", "urgency"].includes(field) ? words(text) : text);
  let count = 0;
  entries.data.forEach((entry, at) => {
    assert.ok(cells[at].startsWith(entry.action_label));
    for (const { field, field_label: label, from, from_label, to, to_label } of entry.before_after) {
      const before = from === null ? "" : `${value(field, from, from_label)} → `;
      const after = to === null ? "none" : value(field, to, to_label);
      const text = `${label}${before}${after}`.replace(/\s+/g, " ").trim();
      assert.ok(cells[at].includes(text), `"${text}" in "${cells[at]}"`);
      count++;
    }
  });
  assert.ok(count > 10, `${count} changes`);
  visitor.calm("changes");
}

async function loading(house) {
  const visitor = await house.visit("details", { user: "manager", hash: "#/alerts" });
  const { page } = visitor;
  /** @type {(_: undefined) => void} */
  let answer = () => {};
  const awaited = new Promise((resolve) => (answer = resolve));
  await page.route("**/api/v1/reports/**", async (route) => {
    await awaited;
    await route.continue();
  });
  await page.evaluate(() => (location.hash = "#/reviews"));
  await page.locator("#main .loading[aria-label=Loading]").waitFor();
  assert.equal(await page.locator("#main .content").getAttribute("aria-busy"), "true");
  assert.ok((await page.locator("#main .skeleton").count()) > 2);
  answer(undefined);
  await visitor.ready();
  assert.equal(await page.locator(".loading").count(), 0);
  assert.ok(await page.locator(".cards").count());
  visitor.calm("loading");
}

async function motion(house) {
  for (const [wish, moves] of [
    ["reduce", false],
    ["no-preference", true],
  ]) {
    const visitor = await house.visit("details", { user: "manager", hash: "#/overview", motion: wish });
    const style = await visitor.page.evaluate(() => {
      const skeleton = document.createElement("div");
      skeleton.className = "skeleton";
      document.querySelector("#main .content")?.append(skeleton);
      return [
        getComputedStyle(document.querySelector("#main .content") ?? skeleton).transitionDuration !== "0s",
        getComputedStyle(skeleton).animationName !== "none",
      ];
    });
    assert.deepEqual(style, [moves, moves], wish);
    visitor.calm(wish);
  }
}
