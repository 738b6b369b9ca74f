// The filters of the reports: what they select is what the API selects, and each is set and removed with the mouse.

import assert from "node:assert/strict";
import { EXPECTED, clock, shown } from "../figures.js";
import { daysAgo } from "../words.js";

export const title = "The filters of the reports select what the API selects";

/** What is no filter, or has a story of its own. */
const OTHERS = ["cursor", "limit", "include_total", "period", "since", "until", "all_time"];
/** In the past: no other story adds entries there. */
const DAYS = { since: daysAgo(90), until: daysAgo(2) };
/** The path of each report, and the table of its entries. */
const REPORTS = {
  changes: ["case-changes", "Changes"],
  reviews: ["quality-review-audit", "Decisions"],
  system: ["system-events", "System events"],
  people: ["user-activity/users", "Activity of all accounts"],
};

export async function run(house) {
  const api = house.api("manager");
  const times = clock((await api.get("/api/v1/service")).time_zone);
  const visitor = await house.visit("filters", { user: "manager", hash: "#/alerts" });
  const all = await questions(api);
  const tried = new Set();
  for (const [view, query] of all) {
    await compared(visitor, api, view, query, times);
    if (view === "changes") for (const name of Object.keys(query)) tried.add(name);
  }
  const { paths } = await api.get("/openapi.json");
  const names = paths["/api/v1/reports/case-changes"].get.parameters.map(({ name }) => name);
  const missing = names.filter((name) => !OTHERS.includes(name) && !tried.has(name));
  assert.deepEqual(missing, [], "filters of the case changes that were not tried");
  await byMouse(visitor, api);
  visitor.calm();
  return [`${all.length} selections of ${Object.keys(REPORTS).length} reports`];
}

/** Selections with values that there are. */
async function questions(api) {
  const report = await api.get("/api/v1/reports/case-changes", { ...DAYS, limit: 200 });
  const {
    reviewers: [reviewer],
  } = await api.get("/api/v1/reports/quality-review-audit", DAYS);
  const {
    by_event_type: [kind],
  } = await api.get("/api/v1/reports/system-events", DAYS);
  const [actor] = report.by_actor.filter((row) => row.actor_id);
  return [
    ...["status", "assignment", "details", "hold", "resubmission", "tier"].map((type) => ["changes", { change_type: type }]),
    ["changes", { change_type: ["hold", "tier"] }],
    ["changes", { actor_id: actor.actor_id }],
    ["changes", { case_id: report.entries.data[0].case_id }],
    ["changes", { member_id: report.by_member[0].user_id }],
    ["changes", { assigned_to: report.by_assignee.find((row) => row.user_id).user_id }],
    ["changes", { workshop_code: report.by_workshop[0].workshop_code, change_type: "status" }],
    ["changes", { sort: "occurred_at", interval: "week" }],
    ["reviews", { review_status: "revisions_requested" }],
    ["reviews", { review_status: ["approved", "corrections_needed"], sort: "occurred_at" }],
    ["reviews", { reviewer_id: reviewer.user_id }],
    ["system", { outcome: "failure" }],
    ["system", { event_type: kind.event_type, sort: "occurred_at" }],
    ["people", { role: "technician", sort: "username" }],
  ];
}

const pairs = ([name, value]) => [value].flat().map((one) => [name, one]);
const hashOf = (view, query) => `#/${view}?${new URLSearchParams(Object.entries({ ...query, ...DAYS }).flatMap(pairs))}`;

async function compared(visitor, api, view, query, times) {
  const [path, table] = REPORTS[view];
  const hash = hashOf(view, query);
  const [answer] = await Promise.all([
    visitor.page.waitForResponse((response) => response.ok() && new URL(response.url()).pathname === `/api/v1/reports/${path}`),
    visitor.go(hash),
  ]);
  const report = await answer.json();
  const limit = new URL(answer.url()).searchParams.get("limit");
  const wanted = await api.get(`/api/v1/reports/${path}`, { ...query, ...DAYS, limit });
  const ids = (of) => of.entries.data.map(({ id, audit_entry_id: entry }) => entry ?? id);
  assert.ok(wanted.entries.data.length > 0, `${hash} has entries`);
  assert.deepEqual(ids(report), ids(wanted), `${hash} asks the API for this`);
  const { cards, tables } = EXPECTED[path](report, times);
  const found = await shown(visitor.page);
  for (const [label, value] of Object.entries(cards)) assert.equal(found.cards[label], value, `${hash}: card "${label}"`);
  const rows = found.tables[table].map((row, at) => row.slice(0, tables[table][at].length));
  const expected = tables[table].map((row) => row.map((cell) => cell.replace(/\s+/g, " ").trim()));
  assert.deepEqual(rows, expected, `${hash}: ${table}`);
}

/** Filters of the case changes are set by what is shown, and removed where they are named. */
async function byMouse(visitor, api) {
  const { page } = visitor;
  const chosen = (name) => new URLSearchParams(page.url().split("?")[1]).getAll(name);
  const click = (locator) => visitor.follow(locator);
  await visitor.go(hashOf("changes", {}));
  // Several types at once, by cards and by the choices of the list.
  await click(page.locator("#card-hold"));
  assert.equal(await page.locator("#card-hold").getAttribute("aria-current"), "true");
  await click(page.locator("#change_type-tier"));
  assert.deepEqual(chosen("change_type"), ["hold", "tier"]);
  await click(page.locator("#change_type-hold"));
  assert.deepEqual(chosen("change_type"), ["tier"]);
  await click(page.locator("#change_type-all"));
  assert.deepEqual(chosen("change_type"), []);

  const { by_actor: actors } = await api.get("/api/v1/reports/case-changes", DAYS);
  const actor = actors.find((row) => row.actor_id && row.total_changes > 0);
  await page.locator("#choose-actor_id").fill(actor.actor_label);
  await click(page.getByRole("option").filter({ hasText: actor.actor_label }).first());
  await narrowed(visitor, api, "actor_id", "Changed by", actor.actor_label);
  for (const [title, name, chip] of [
    ["By assignee of the case", "assigned_to", "Assignee"],
    ["By member", "member_id", "Member"],
    ["By workshop", "workshop_code", "Workshop"],
  ]) {
    const row = page
      .locator(".ranked", { has: page.getByRole("heading", { name: title }) })
      .locator("tbody tr a")
      .first();
    const words = (await row.locator(".quiet, :scope").last().innerText()).trim();
    await click(row);
    await narrowed(visitor, api, name, chip, words);
  }
}

/** The filter is in the address, has a name, selects what the API selects, and goes with a click. */
async function narrowed(visitor, api, name, chip, words) {
  const { page } = visitor;
  const [value] = new URLSearchParams(page.url().split("?")[1]).getAll(name);
  const { summary } = await api.get("/api/v1/reports/case-changes", { ...DAYS, [name]: value });
  assert.equal(Number((await page.locator(".card .value").first().innerText()).replaceAll(",", "")), summary.total_changes, name);
  const text = (await page.locator(".chips").innerText()).replace(/\s+/g, " ");
  assert.ok(text.includes(`${chip} ${words}`), `"${chip} ${words}" in "${text}"`);
  await visitor.follow(page.getByRole("link", { name: `Remove the filter ${chip}` }));
  assert.equal(new URLSearchParams(page.url().split("?")[1]).get(name), null);
  assert.equal(await page.locator(".chips").count(), 0);
}
