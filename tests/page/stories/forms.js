// What is done through forms is done in the service, once, and with what was entered.

import assert from "node:assert/strict";
import { accepted, openForm, send } from "../cases.js";
import { clock } from "../figures.js";

export const title = "Cases are created, edited, assigned, reviewed and handed over; alerts are read";

export async function run(house) {
  await created(house);
  await edited(house);
  await assigned(house);
  await released(house);
  await alerts(house);
}

async function fill(form, values) {
  for (const [name, value] of Object.entries(values)) await form.locator(`[name=${name}]`).fill(value);
}

/** The answer to the first attempt is lost; the second one is the same attempt. */
async function created(house) {
  const visitor = await house.visit("forms", { user: "member2", hash: "#/cases" });
  const { page } = visitor;
  visitor.expect(/ERR_CONNECTION_RESET/);
  const mine = async () => (await house.api("member2").get("/api/v1/cases", { q: "Quillfeather", limit: 10 })).data;
  await page.locator("#new-case").click();
  const form = page.getByRole("form", { name: "New case" });
  await fill(form, { employee_first_name: "Ines", employee_last_name: "Quillfeather", special_notes: "line one\nline two" });
  const keys = [];
  await page.route("**/api/v1/cases", async (route) => {
    if (route.request().method() !== "POST") return route.fallback();
    keys.push(await route.request().headerValue("idempotency-key"));
    if (keys.length > 1) return route.fallback();
    await route.fetch();
    return route.abort("connectionreset");
  });
  await form.locator("button[type=submit]").click();
  await form.getByText("Your input is kept").waitFor();
  assert.equal((await mine()).length, 1, "it was created");
  await form.locator("button[type=submit]").click();
  await page.waitForFunction(() => location.hash.startsWith("#/case/"));
  await visitor.ready();
  const [item, ...more] = await mine();
  assert.deepEqual(more, [], "and not created again");
  assert.equal(keys[0], keys[1]);
  assert.ok(page.url().endsWith(item.id));
  assert.equal(item.status, "draft");

  // What was changed is another attempt.
  await page.unrouteAll();
  await visitor.go("#/cases");
  await page.locator("#new-case").click();
  await fill(form, { employee_first_name: "Ines", employee_last_name: "Quillfeather" });
  await form.locator("button[type=submit]").click();
  await page.waitForFunction(() => location.hash.startsWith("#/case/"));
  assert.equal((await mine()).length, 2);
  visitor.calm("a new case");
}

/** Only what was changed is sent. */
async function edited(house) {
  const { id } = await accepted(house, { fields: { special_notes: "first\r\nsecond" } });
  const visitor = await house.visit("forms", { user: "tech2", hash: `#/case/${id}` });
  const form = await openForm(visitor.page, "edit");
  await fill(form, { internal_notes: "Called the employer.\nThey call back." });
  const answer = await send(visitor.page, form);
  assert.equal(answer.status(), 200, await answer.text());
  assert.deepEqual(answer.request().postDataJSON(), { internal_notes: "Called the employer.\nThey call back." });
  assert.equal((await answer.json()).special_notes, "first\r\nsecond");
  visitor.calm("an edit");
}

async function assigned(house) {
  const { id } = await accepted(house);
  const visitor = await house.visit("forms", { user: "manager", hash: `#/case/${id}` });
  const { page } = visitor;
  let form = await openForm(page, "assign");
  const { data } = await house.api("manager").get(`/api/v1/cases/${id}/assignees`, { limit: 200 });
  await form.locator("[name=assigned_to]").selectOption(data.find(({ username }) => username === "tech3").id);
  await fill(form, { reason: "They know the employer." });
  assert.equal((await send(page, form)).status(), 200);
  await visitor.ready();
  const item = await house.api("manager").get(`/api/v1/cases/${id}`);
  assert.equal(item.assigned_to.username, "tech3");

  await visitor.close();
  const other = await house.visit("forms", { user: "admin", hash: `#/case/${id}` });
  form = await openForm(other.page, "change_member");
  await form.locator("input[role=combobox]").fill("member2");
  await form.getByRole("option").first().click();
  await fill(form, { reason: "The member has left." });
  assert.equal((await send(other.page, form)).status(), 200);
  assert.equal((await house.api("admin").get(`/api/v1/cases/${id}`)).member.username, "member2");
  other.calm("handing over");
}

/** A time of the release is one of the service's zone, wherever the browser is. */
async function released(house) {
  const { id } = await accepted(house, { by: "tech1" });
  await house.api("tech1").post(`/api/v1/cases/${id}/complete`, { override_incomplete: true });
  const visitor = await house.visit("forms", { user: "manager", hash: `#/case/${id}` });
  const { page } = visitor;
  const { time_zone: zone } = await house.api("manager").get("/api/v1/service");
  const form = await openForm(page, "review");
  assert.ok((await form.innerText()).includes(zone), "the zone of the time is named");
  await form.locator("[name=release]").selectOption("scheduled");
  const on = clock(zone).dayOf(new Date(Date.now() + 20 * 86_400_000));
  await form.locator("[name=release_at]").fill(`${on}T23:30`);
  const answer = await send(page, form);
  assert.equal(answer.status(), 200, await answer.text());
  const { scheduled_release_at: at } = (await house.api("manager").get(`/api/v1/cases/${id}`)).release;
  assert.ok(clock(zone).time(at).includes("23:30"), at);
  assert.equal(clock(zone).dayOf(at), on);
  visitor.calm("a release");
}

/** What is read and dismissed on the page is so in the API, and the log says who dismissed it. */
async function alerts(house) {
  const visitor = await house.visit("forms", { user: "tech1", hash: "#/alerts" });
  const { page } = visitor;
  const api = house.api("tech1");
  const account = () => api.get("/api/v1/auth/me");
  const list = async (query) => (await api.get("/api/v1/alerts", { limit: 200, ...query })).data;
  const { unread_alerts: before, id: me } = await account();
  assert.ok(before > 1, `${before} unread alerts`);
  const button = page.getByRole("button", { name: /^Mark as read/ }).first();
  const id = (await button.getAttribute("id")).replace("read-", "");
  const one = async (dismissed) => (await list({ is_dismissed: dismissed })).find((alert) => alert.id === id);
  assert.deepEqual([(await one(false)).read_at, await one(true)], [null, undefined]);
  await button.click();
  await page.locator(`#read-${id}`).waitFor({ state: "detached" });
  await visitor.ready();
  assert.ok((await one(false)).read_at, "it was read");
  assert.equal((await account()).unread_alerts, before - 1);
  assert.equal(Number.parseInt(await page.locator("#nav-alerts .count").innerText(), 10), before - 1);
  assert.notEqual(await page.evaluate(() => document.activeElement?.tagName), "BODY", "the focus is somewhere");

  await page.locator(`#dismiss-${id}`).click();
  await page.locator(`#dismiss-${id}`).waitFor({ state: "detached" });
  await visitor.ready();
  assert.equal(await one(false), undefined, "it is no longer open");
  const dismissed = await one(true);
  assert.ok(dismissed.dismissed_at, "it was dismissed");
  const logged = { action_type: "alert_dismissed", actor_id: me, limit: 1 };
  const [entry] = (await house.api("manager").get("/api/v1/audit-log", logged)).data;
  assert.equal(entry.object_id, id);
  await visitor.follow(page.locator("#show-dismissed"));
  const titles = await page.locator(".alert h2").allInnerTexts();
  assert.deepEqual(
    titles,
    (await list({ is_dismissed: true })).slice(0, titles.length).map(({ title }) => title),
  );
  assert.ok(titles.includes(dismissed.title));
  assert.equal(await page.locator(`#dismiss-${id}`).count(), 0);
  await visitor.follow(page.locator("#show-all"));

  await page.locator("#read-all").click();
  await page.locator("#read-all").waitFor({ state: "detached" });
  assert.equal((await account()).unread_alerts, 0);
  visitor.calm("alerts");
}
