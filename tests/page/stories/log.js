// The log shows the entries that the API returns: with each of its filters, in either order, with what each row says.

import assert from "node:assert/strict";
import { shown } from "../figures.js";
import { clock, daysAgo, person, words } from "../words.js";

export const title = "The rows of the log are the API's, with every filter of the contract";

/** What is no filter, or is tried with each of them. */
const OTHERS = ["cursor", "limit", "include_total", "sort", "period", "since", "until"];
/** In the past: no other story adds entries there. */
const DAYS = { since: daysAgo(28), until: daysAgo(2) };

export async function run(house) {
  const api = house.api("manager");
  const { time_zone: zone } = await api.get("/api/v1/service");
  const { time } = clock(zone);
  const visitor = await house.visit("log", { user: "manager", hash: "#/alerts" });
  const tried = [];
  for (const query of [...(await questions(api)), ...(await ofAnAccount(house))]) {
    const wanted = await api.get("/api/v1/audit-log", { ...query, limit: 50 });
    const address = new URLSearchParams(Object.entries(query).flatMap(pairs));
    await visitor.go(`#/log?${address}`);
    const rows = (await shown(visitor.page)).tables["Entries of the log"] ?? [];
    assert.deepEqual(
      rows,
      wanted.data.map((entry) => cells(entry, time)),
      `#/log?${address}`,
    );
    const ids = await visitor.page.locator("tbody th a").evaluateAll((all) => all.map((link) => link.id.replace("entry-", "")));
    assert.deepEqual(
      ids,
      wanted.data.map(({ id }) => id),
      `#/log?${address}`,
    );
    assert.ok(rows.length > 0, `#/log?${address} has entries`);
    tried.push(...Object.keys(query));
  }
  const { paths } = await api.get("/openapi.json");
  const filters = paths["/api/v1/audit-log"].get.parameters.map(({ name }) => name).filter((name) => !OTHERS.includes(name));
  assert.deepEqual(
    filters.filter((name) => !tried.includes(name)),
    [],
    "filters that were not tried",
  );
  visitor.calm();
  return [`${filters.length} filters`];
}

const pairs = ([name, value]) => [value].flat().map((one) => [name, one]);

function cells(entry, time) {
  const { actor, outcome } = entry;
  const row = [
    time(entry.occurred_at),
    `${entry.action_label} ${outcome === "success" ? "" : words(outcome)}`,
    actor ? person(actor.full_name, actor.username) : words(entry.actor_label),
    entry.description,
    entry.case?.case_number ?? "",
    entry.ip_address ?? "",
  ];
  return row.map((cell) => cell.replace(/\s+/g, " ").trim());
}

/** A question for each filter, with values of entries that there are. */
async function questions(api) {
  const first = async (query) => (await api.get("/api/v1/audit-log", { ...DAYS, limit: 1, ...query })).data[0];
  const held = await first({ action_type: "case_held" });
  const { status } = (await first({ action_type: "case_status_changed" })).changes;
  const known = [
    { q: held.case.case_number },
    { action_type: ["case_held", "case_resumed"] },
    { category: "review" },
    { outcome: ["failure", "denied"] },
    { source: "job" },
    { actor_id: held.actor.id },
    { exclude_actor_id: held.actor.id },
    { case_id: held.case.id },
    { case_number: held.case.case_number },
    { ip_address: held.ip_address },
    { request_id: held.request_id },
    { changed_field: "status", changed_from: status.from, changed_to: status.to },
    { sort: "occurred_at", category: "case" },
  ];
  return known.map((query) => ({ ...query, ...DAYS }));
}

/** The demo may have no entry about an account, and has none of an API key: here are some of one that no other story uses. */
async function ofAnAccount(house) {
  const username = `reader-${Date.now() % 1e6}`;
  const { id, api_key: key } = await house.api("admin").post("/api/v1/users", {
    username,
    email: `${username}@example.org`,
    first_name: "Log",
    last_name: "Reader",
    role: "service",
    scopes: ["audit:read"],
  });
  await house.demo.program(key).get("/api/v1/audit-log", { category: "review" });
  const { data } = await house.api("manager").get("/api/v1/audit-log", { q: username, period: "today" });
  return [{ related_user_id: id }, { api_key_id: data.find((entry) => entry.api_key_id).api_key_id }];
}
