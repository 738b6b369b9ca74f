// An entry of the log is opened beside the list, and again as a page of its own, with what the API says of it.

import assert from "node:assert/strict";
import { clock } from "../words.js";

export const title = "An entry of the log says what the API says";

export async function run(house) {
  const api = house.api("manager");
  const { time_zone: zone } = await api.get("/api/v1/service");
  const { time } = clock(zone);
  const {
    data: [item],
  } = await api.get("/api/v1/audit-log", { action_type: "case_held", limit: 1 });
  const entry = await api.get(`/api/v1/audit-log/${item.id}`);
  const visitor = await house.visit("entry", { user: "manager", hash: "#/log?action_type=case_held&period=all" });
  const { page } = visitor;
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
  visitor.calm();
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
    entry.metadata.reason,
  ];
  for (const fact of facts)
    if (fact !== null && fact !== undefined) assert.ok(text.includes(String(fact).replace(/\s+/g, " ")), `"${fact}" is shown`);
  for (const [field, { field_label: label, from_label: from, to_label: to }] of Object.entries(entry.changes)) {
    assert.ok(text.includes(label), `the change of ${field} is shown`);
    for (const value of [from, to]) if (value) assert.ok(text.includes(value), `${field}: ${value}`);
  }
  for (const one of entry.siblings ?? [])
    assert.ok(text.includes(one.action_label), `the other entry of the request: ${one.action_label}`);
}
