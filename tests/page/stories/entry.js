// An entry of the log is opened beside the list, and again as a page of its own, with what the API says of it.

import assert from "node:assert/strict";
import { clock, number, words } from "../words.js";

export const title = "An entry of the log says what the API says";

export async function run(house) {
  const api = house.api("manager");
  const { time_zone: zone } = await api.get("/api/v1/service");
  const { time } = clock(zone);
  const visitor = await house.visit("entry", { user: "manager", hash: "#/alerts" });
  const [held] = (await api.get("/api/v1/audit-log", { action_type: "case_held", limit: 1 })).data;
  await opened(visitor, await api.get(`/api/v1/audit-log/${held.id}`), time);

  const entry = await oneOfSeveral(api);
  await opened(visitor, entry, time);
  // From there to what else the request left.
  const [sibling] = entry.siblings;
  await visitor.go(`#/log?request_id=${entry.request_id}&entry=${entry.id}`);
  const drawer = visitor.page.getByRole("dialog");
  await drawer.getByRole("link", { name: sibling.action_label }).first().click();
  await drawer.getByRole("heading", { name: sibling.action_label, exact: true }).waitFor();
  await same(drawer, await api.get(`/api/v1/audit-log/${sibling.id}`), time);
  visitor.calm();
}

/** An entry whose request left another one, as accepting a case does. */
async function oneOfSeveral(api) {
  const { data } = await api.get("/api/v1/audit-log", { action_type: ["case_assigned", "case_status_changed"], limit: 200 });
  const { id } = data.find(({ request_id: request }) => data.filter((one) => one.request_id === request).length > 1);
  const entry = await api.get(`/api/v1/audit-log/${id}`);
  assert.ok(entry.siblings.length > 0, "another entry of the request");
  return entry;
}

async function opened(visitor, entry, time) {
  const { page } = visitor;
  await visitor.go(`#/log?action_type=${entry.action_type}&request_id=${entry.request_id}`);
  await visitor.follow(page.locator(`#entry-${entry.id}`));
  const drawer = page.getByRole("dialog");
  await drawer.getByText(entry.description).first().waitFor();
  await same(drawer, entry, time);
  // The address names it, so it can be sent.
  await page.reload();
  await visitor.ready();
  await drawer.getByText(entry.description).first().waitFor();
  await same(drawer, entry, time);
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "hidden" });
  assert.ok(!page.url().includes("entry="), "the address no longer names it");
  // The focus is on its link again.
  await page.waitForFunction((id) => document.activeElement?.id === id, `entry-${entry.id}`);

  await visitor.go(`#/entry/${entry.id}`);
  await same(page.locator("#main"), entry, time);
}

async function same(place, entry, time) {
  const text = (await place.innerText()).replace(/\s+/g, " ");
  const facts = [
    entry.action_label,
    entry.description,
    time(entry.occurred_at),
    entry.actor.full_name,
    entry.case.case_number,
    entry.request_id,
    entry.ip_address,
    entry.user_agent,
  ];
  for (const fact of facts)
    if (fact !== null && fact !== undefined) assert.ok(text.includes(String(fact).replace(/\s+/g, " ")), `"${fact}" is shown`);
  for (const [field, { field_label: label, from_label: from, to_label: to }] of Object.entries(entry.changes)) {
    assert.ok(text.includes(label), `the change of ${field} is shown`);
    for (const value of [from, to]) if (value) assert.ok(text.includes(value), `${field}: ${value}`);
  }
  for (const [name, value] of Object.entries(entry.metadata)) {
    assert.ok(text.includes(words(name)), `metadata: ${name}`);
    assert.ok(
      forms(value, time).some((form) => text.includes(form.replace(/\s+/g, " "))),
      `metadata: ${name} ${value}`,
    );
  }
  for (const one of entry.siblings)
    assert.ok(text.includes(one.action_label), `the other entry of the request: ${one.action_label}`);
}

/** How a value of the metadata may be written. */
function forms(value, time) {
  if (typeof value === "string") return [value, words(value), ...(Number.isNaN(Date.parse(value)) ? [] : [time(value)])];
  if (typeof value === "number") return [number(value)];
  if (typeof value === "boolean") return [value ? "yes" : "no"];
  return [value === null ? "none" : JSON.stringify(value, null, 2)];
}
