// A bar or a figure leads to the entries or cases that it counts.

import assert from "node:assert/strict";

export const title = "What a figure leads to is what it counts";

export async function run(house) {
  const api = house.api("manager");
  const visitor = await house.visit("links", { user: "manager" });
  const { page } = visitor;
  const total = async (path, hash, query = {}) => {
    const chosen = {};
    for (const [name, value] of new URLSearchParams(hash.split("?")[1])) chosen[name] = [...(chosen[name] ?? []), value];
    return (await api.get(path, { ...chosen, ...query, include_total: true, limit: 1 })).page.total;
  };

  let followed = 0;
  const card = async (path, name) => {
    const place = page.locator(".card", { has: page.getByRole("link", { name, exact: true }) });
    const shown = Number((await place.locator(".value").innerText()).replaceAll(",", ""));
    const hash = await place.locator("a").evaluate((link) => link.hash);
    assert.equal(await total(path, hash), shown, `${name} leads to ${hash}`);
    followed++;
  };
  for (const reading of ["", "&reading=apart"]) {
    for (const interval of ["day", "week", "month"]) {
      await visitor.go(`#/overview?period=last_quarter&interval=${interval}${reading}`);
      const bars = await page
        .locator("a.bucket")
        .evaluateAll((all) => all.map((bar) => ({ hash: new URL(bar.href.baseVal, location.href).hash, text: bar.ariaLabel })));
      const counted = bars.map((bar) => ({ ...bar, count: Number(/: ([\d,]+)/.exec(bar.text)?.[1].replaceAll(",", "") ?? 0) }));
      const some = counted.filter(({ count }) => count > 0);
      assert.ok(some.length > 1, `${interval}: ${some.length} bars`);
      for (const { hash, text, count } of [...some.slice(0, 2), ...some.slice(-2)]) {
        assert.equal(await total("/api/v1/audit-log", hash), count, `${interval}${reading}: ${text} leads to ${hash}`);
        followed++;
      }
    }
  }

  await visitor.go("#/overview?period=last_week");
  for (const name of ["Account management", "Access and exports", "Failed attempts", "Denied attempts"]) {
    await card("/api/v1/audit-log", name);
  }
  const bars = await page
    .locator("figure, .panel", { hasText: "Most frequent actions" })
    .locator("tbody tr")
    .evaluateAll((rows) => rows.map((row) => ({ hash: row.querySelector("a").hash, text: row.innerText })));
  for (const { hash, text } of bars.slice(0, 5)) {
    const shown = Number(/\t([\d,]+)/.exec(text)?.[1].replaceAll(",", ""));
    assert.equal(await total("/api/v1/audit-log", hash), shown, `${text} leads to ${hash}`);
    followed++;
  }
  for (const name of ["Open", "Unassigned", "Overdue", "On hold", "Waiting for review"]) await card("/api/v1/cases", name);
  visitor.calm();
  return [`${followed} links followed`];
}
