// Lists have further pages, and what was chosen stands in the address: reloading it shows the same.

import assert from "node:assert/strict";
import { dayText, daysAgo } from "../words.js";

export const title = "A list is paged; a chosen period survives a reload";

export async function run(house) {
  const visitor = await house.visit("lists", { user: "manager", hash: "#/changes?period=last_week" });
  const { page } = visitor;
  const rows = page.locator('.scroll[aria-label="Changes"] tbody tr');
  const ids = () => rows.evaluateAll((all) => all.map((row) => row.querySelector("a")?.getAttribute("href")));
  const report = await house
    .api("manager")
    .get("/api/v1/reports/case-changes", { period: "last_week", limit: 200, include_total: true });
  const wanted = report.entries.data.map(({ id }) => `#/entry/${id}`);
  while ((await rows.count()) < Math.min(100, wanted.length)) {
    const before = await rows.count();
    await page.locator(".more").click();
    await page.waitForFunction(
      (count) => document.querySelectorAll('.scroll[aria-label="Changes"] tbody tr').length > count,
      before,
    );
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), "TH", "the focus is on the first new row");
  }
  const found = await ids();
  assert.deepEqual(found, wanted.slice(0, found.length), "the rows of several pages are those of one large page");
  assert.ok((await page.locator(".pager").innerText()).includes(`of ${report.entries.page.total.toLocaleString("en-US")}`));

  // Chosen by a preset, and by days.
  const [since, until] = [daysAgo(27), daysAgo(14)];
  for (const choose of [
    () => page.locator("#period-last_quarter").click(),
    async () => {
      await page.locator("#period-since").fill(since);
      await page.locator("#period-until").fill(until);
      await page.locator("#period-apply").click();
    },
  ]) {
    await visitor.go("#/overview");
    const before = page.url();
    await choose();
    await page.waitForFunction((url) => location.href !== url, before);
    await visitor.ready();
    const [address, text] = [page.url(), await settledText(visitor)];
    await page.reload();
    await visitor.ready();
    assert.equal(page.url(), address);
    assert.equal(await settledText(visitor), text);
    // The navigation takes the period along.
    await visitor.follow(page.locator("#nav-reviews"));
    assert.equal(new URLSearchParams(page.url().split("?")[1]).toString(), new URLSearchParams(address.split("?")[1]).toString());
  }
  assert.ok(
    (await page.locator(".stamp").innerText()).includes(`${dayText(since)} – ${dayText(until)}`),
    "the days are those that were chosen",
  );

  // Back and forward.
  await page.goBack();
  await visitor.ready();
  assert.match(page.url(), /#\/overview\?/);

  // The cases: sorted as the API sorts them.
  await visitor.go("#/cases?sort=case_number");
  const { data } = await house.api("manager").get("/api/v1/cases", { sort: "case_number" });
  const cells = page.locator('.scroll[aria-label="Cases"] tbody th');
  assert.deepEqual(
    await cells.allInnerTexts(),
    data.map(({ case_number: number }) => number),
  );

  // The log of a period by its name, as the API takes it.
  const week = { period: "last_week", category: "case" };
  const [listed] = await Promise.all([
    page.waitForResponse((response) => response.ok() && new URL(response.url()).pathname === "/api/v1/audit-log"),
    visitor.go(`#/log?${new URLSearchParams(week)}`),
  ]);
  assert.equal(new URL(listed.url()).searchParams.get("period"), week.period);
  const log = await house.api("manager").get("/api/v1/audit-log", { ...week, include_total: true, limit: 1 });
  assert.equal((await listed.json()).page.total, log.page.total);
  visitor.calm();
}

/** The figures of the period, which has ended; not those of the present. */
async function settledText(visitor) {
  const { page } = visitor;
  const charts = await page.locator(".plot .bucket").evaluateAll((bars) => bars.map((bar) => bar.getAttribute("aria-label")));
  return JSON.stringify([
    await page.locator(".cards").first().innerText(),
    await page.locator(".ranked").allInnerTexts(),
    charts,
  ]);
}
