// What is under way when something else is done: a filter that is being typed, a file that is being sent or saved.

import assert from "node:assert/strict";
import { accepted } from "../cases.js";

export const title = "A click ends what is typed into a filter and is not lost; transfers are cancelled; the theme is kept";

export async function run(house) {
  await filters(house);
  await uploads(house);
  await downloads(house);
  await copies(house);
  await themes(house);
}

/** A press as long as a person's: the answer to the filter is there before it ends. */
const press = (locator) => locator.click({ delay: 600 });

async function filters(house) {
  const visitor = await house.visit("interrupted", { user: "manager", hash: "#/log?period=all&category=case" });
  const { page } = visitor;
  const search = page.locator("#f-q");
  const query = () => new URLSearchParams(page.url().split("?")[1]);

  // A link to another view.
  await search.fill("held");
  await press(page.locator("#nav-people"));
  await page.waitForFunction(() => location.hash.startsWith("#/people"));
  await visitor.ready();
  assert.equal(query().get("q"), null, "the filter of the log is none of this view");

  // A button, an entry and a choice of the same view: both happen.
  for (const [clicked, name, value] of [
    ["tbody th a", "entry", /^[0-9a-f-]{36}$/],
    ["text=Failure", "outcome", /^failure$/],
    [".more-filters summary", null, null],
  ]) {
    await visitor.go("#/log?period=all&category=case");
    await search.fill("held");
    await press(page.locator(clicked).first());
    await page.waitForFunction(() => location.hash.includes("q=held"));
    await visitor.ready();
    assert.equal(query().get("category"), "case");
    if (name) assert.match(query().get(name) ?? "", value, clicked);
    else assert.ok(await page.locator(".more-filters").evaluate((details) => details.open), clicked);
  }

  // By the keyboard alone, as before.
  await visitor.go("#/log?period=all");
  await search.fill("held");
  await search.press("Enter");
  await page.waitForFunction(() => location.hash.includes("q=held"));
  await visitor.ready();
  visitor.calm("a filter");
}

/** So slow that there is time to cancel. */
async function slow(visitor) {
  const session = await visitor.context.newCDPSession(visitor.page);
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: 20_000,
    uploadThroughput: 20_000,
  });
}

async function uploads(house) {
  const { id } = await accepted(house);
  const visitor = await house.visit("interrupted", { user: "member1", hash: `#/case/${id}` });
  const { page } = visitor;
  const api = house.api("member1");
  await page.getByText("Add a document", { exact: true }).click();
  const form = page.getByRole("form", { name: "Add a document" });
  const content = Buffer.from("Gross pay in October: 4,210.00\n".repeat(20_000));
  await form.locator("input[type=file]").setInputFiles({ name: "stub.txt", mimeType: "text/plain", buffer: content });
  await slow(visitor);
  await form.locator("button[type=submit]").click();
  await page.waitForFunction(() => document.querySelector("form progress")?.value > 0);
  await form.getByRole("button", { name: "Cancel" }).click();
  await form.locator("button[type=submit]:enabled").waitFor();
  const { data } = await api.get(`/api/v1/cases/${id}/documents`);
  assert.deepEqual(data, [], "nothing was added");
  visitor.calm("an upload");
}

async function downloads(house) {
  const visitor = await house.visit("interrupted", { user: "manager", hash: "#/log?period=all" });
  const { page } = visitor;
  let saved = 0;
  page.on("download", () => saved++);
  await slow(visitor);
  const button = page.locator("#ndjson");
  await button.click();
  await page.waitForFunction(() => /Cancel \(.*[1-9]/.test(document.querySelector("#ndjson")?.textContent ?? ""));
  await button.click();
  await page.waitForFunction(() => document.querySelector("#ndjson")?.textContent === "Export NDJSON");
  assert.equal(saved, 0, "nothing was saved");
  visitor.calm("an export");
}

async function copies(house) {
  const {
    data: [item],
  } = await house.api("manager").get("/api/v1/audit-log", { action_type: "case_held", limit: 1 });
  const visitor = await house.visit("interrupted", { user: "manager", hash: `#/entry/${item.id}` });
  const { page } = visitor;
  await visitor.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: /Copy/ }).first().click();
  const entry = await house.api("manager").get(`/api/v1/audit-log/${item.id}`);
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith("{"));
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  assert.deepEqual(copied, entry, "the entry as the API returns it");
  visitor.calm("a copy");
}

async function themes(house) {
  const visitor = await house.visit("interrupted", { user: "manager", hash: "#/overview" });
  const { page } = visitor;
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.locator("#theme").click();
  assert.equal(await theme(), "dark");
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await visitor.ready();
  assert.deepEqual([await theme(), await ground()], ["dark", dark], "a reload keeps it");
  await page.locator("#theme").click();
  assert.deepEqual([await theme(), await ground()], ["light", light]);
  visitor.calm("a theme");
}
