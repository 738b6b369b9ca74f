// What is under way when something else is done: a filter that is being typed, a file that is being sent or saved.

import assert from "node:assert/strict";
import { accepted } from "../cases.js";

export const title = "A click ends what is typed into a filter and is not lost; transfers are cancelled; the theme is kept";

export async function run(house) {
  await filters(house);
  await presses(house);
  await taps(house);
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
  assert.equal(query().get("q"), null, "the filter of the log does not apply to this view");

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

  // By the keyboard alone.
  await visitor.go("#/log?period=all");
  await search.fill("held");
  await search.press("Enter");
  await page.waitForFunction(() => location.hash.includes("q=held"));
  await visitor.ready();
  visitor.calm("a filter");
}

/** What is pressed when, and what of it counts. */
async function presses(house) {
  const visitor = await house.visit("interrupted", { user: "manager", hash: "#/log?period=all" });
  const { page } = visitor;
  const search = page.locator("#f-q");
  const query = () => new URLSearchParams(page.url().split("?")[1]);
  const typed = (text) => page.waitForFunction((q) => new URLSearchParams(location.hash.split("?")[1]).get("q") === q, text);

  // A press of another button clicks nothing, so nothing waits for its end.
  await page.mouse.move(700, 500);
  await page.mouse.down({ button: "right" });
  await search.fill("held");
  await search.press("Enter");
  await typed("held");
  await page.mouse.up({ button: "right" });
  await page.keyboard.press("Escape");

  // Of two changes while the pointer is pressed, the later one counts.
  await visitor.go("#/log?period=all");
  await page.mouse.down();
  for (const text of ["held", "hold"]) {
    await search.fill(text);
    await search.press("Enter");
  }
  assert.equal(query().get("q"), null);
  await page.mouse.up();
  await typed("hold");
  await visitor.ready();

  // What clears the filters, clears this one.
  for (const [clear, hash] of [
    [".chips .clear", "#/log?period=all&source=endpoint&category=case"],
    ["#nav-log", "#/log?period=all&category=case"],
  ]) {
    await visitor.go(hash);
    await search.fill("held");
    await press(page.locator(clear));
    await page.waitForFunction((url) => location.hash !== url, hash);
    await visitor.ready();
    await page.waitForTimeout(500);
    assert.deepEqual([query().get("q"), query().get("category") && clear, await search.inputValue()], [null, null, ""], clear);
  }

  // One step back undoes both.
  await visitor.go("#/log?period=all");
  await search.fill("held");
  await press(page.locator("tbody th a").first());
  await typed("held");
  await page.getByRole("dialog").waitFor();
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await visitor.ready();
  assert.equal(page.url().split("#")[1], "/log?period=all");
  visitor.calm("a press");
}

/** On a touch screen the field loses the focus after the tap, and the click comes later still. */
async function taps(house) {
  const visitor = await house.visit("interrupted", { user: "manager", width: 900, touch: true });
  const { page } = visitor;
  const search = page.locator("#f-q");
  for (const [tapped, name] of [
    ["tbody th a", "entry"],
    ["text=Failure", "outcome"],
    ["tbody th a", "entry"],
    ["text=Failure", "outcome"],
  ]) {
    await visitor.go("#/alerts");
    await visitor.go("#/log?period=all&category=case");
    await search.tap();
    await search.fill("held");
    await page.locator(tapped).first().tap();
    await page.waitForFunction((own) => location.hash.includes("q=held") && location.hash.includes(`${own}=`), name);
    await visitor.ready();
    assert.equal(await search.inputValue(), "held");
  }
  visitor.calm("a tap");
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
