// As someone who has never seen the page: from the first view to an answer, clicks counted.

import assert from "node:assert/strict";

export const title = "Who held the most cases last week, and why: at most four clicks; a tier's entry: two";

export async function run(house) {
  const visitor = await house.visit("clicks");
  const { page } = visitor;
  await visitor.enter("manager");
  assert.match(page.url(), /#\/overview/, "the first view");
  let clicks = 0;
  const click = async (name) => {
    clicks++;
    await visitor.follow(name);
  };
  await click(page.getByRole("link", { name: "Last week", exact: true }));
  await click(page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Case changes" }));
  await click(page.locator(".card").getByRole("link", { name: "Holds" }));
  assert.ok(clicks <= 4);

  const answer = async (title) => {
    const rows = await page
      .locator(".ranked", { has: page.getByRole("heading", { name: title }) })
      .locator("tbody tr")
      .evaluateAll((all) =>
        all.map((row) => [...row.children].map((cell) => cell.textContent?.replace(/\s+/g, " ").trim() ?? "")),
      );
    return rows.map(([name, , count]) => ({ name, count: Number(count) }));
  };
  const who = await answer("Who placed cases on hold");
  const why = await answer("Why: the reasons given");
  // The same, counted here.
  const held = [];
  for (let cursor; ;) {
    const { entries } = await house
      .api("manager")
      .get("/api/v1/reports/case-changes", { period: "last_week", change_type: "hold", limit: 200, cursor });
    held.push(...entries.data.filter((entry) => entry.action_type === "case_held"));
    cursor = entries.page.next_cursor;
    if (!cursor) break;
  }
  assert.ok(held.length > 0, "the demo has holds of last week");
  const tally = (of) => {
    const counts = new Map();
    for (const entry of held) counts.set(of(entry), (counts.get(of(entry)) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
  };
  const people = tally((entry) => entry.actor_label);
  // All of them, with the counts of the report.
  const { by_actor: actors } = await house.api("manager").get("/api/v1/reports/case-changes", { period: "last_week" });
  assert.deepEqual(
    who.map(({ count }) => count),
    actors
      .map((row) => row.placed_on_hold)
      .filter((count) => count > 0)
      .sort((a, b) => b - a)
      .slice(0, 12),
  );
  assert.equal(who[0].count, people[0][1]);
  assert.ok(
    people.filter(([, count]) => count === who[0].count).some(([name]) => who[0].name.includes(name)),
    `${who[0].name} held the most`,
  );
  const reasons = tally((entry) => entry.before_after.find(({ field }) => field === "hold_reason")?.to ?? "");
  assert.equal(why[0].count, reasons[0][1]);
  assert.equal(
    why.reduce((sum, { count }) => sum + count, 0),
    reasons.slice(0, why.length).reduce((sum, [, count]) => sum + count, 0),
  );
  const toHold = clicks;

  // From a case to the entry that explains its tier.
  const {
    data: [item],
  } = await house.api("manager").get("/api/v1/cases", { status: "accepted", tier: "tier_2", limit: 1 });
  await visitor.go(`#/case/${item.id}`);
  clicks = 0;
  await click(
    page
      .locator("dt", { hasText: /^Tier$/ })
      .locator("xpath=following-sibling::dd[1]")
      .getByRole("link"),
  );
  assert.ok(clicks <= 2);
  const drawer = page.getByRole("dialog");
  await drawer.locator(".entry-part").first().waitFor();
  const shown = await drawer.innerText();
  assert.match(shown, /Tier/);
  const {
    data: [entry],
  } = await house.api("manager").get(`/api/v1/cases/${item.id}/audit-trail`, { changed_field: "tier", limit: 1 });
  assert.equal(entry.changes.tier.to, "tier_2");
  assert.ok(shown.includes(entry.actor.full_name) && shown.includes(entry.request_id));
  visitor.calm();
  // A technician, who may not read the log, finds it at the same address.
  const technician = await house.visit("clicks", { user: "tech2", hash: `#/case/${item.id}?entry=tier` });
  await technician.page.getByRole("dialog").getByText(entry.description).first().waitFor();
  technician.calm();
  return [`${toHold} clicks to who and why, ${clicks} to the entry of the tier`];
}
