// What is downloaded is what the API sends: the CSV of a report and of the log, NDJSON, and a document that was uploaded here.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { accepted } from "../cases.js";
import { daysAgo } from "../words.js";

export const title = "Downloads are the API's: CSV, NDJSON, a document";

/** The request by which the page asked for the file, and the file. */
async function download(page, locator, path) {
  const [asked, saved] = await Promise.all([
    page.waitForRequest((request) => request.url().includes(path)),
    page.waitForEvent("download"),
    locator.click(),
  ]);
  return { url: new URL(asked.url()), name: saved.suggestedFilename(), content: await readFile(await saved.path(), "utf8") };
}

export async function run(house) {
  const api = house.api("manager");
  const visitor = await house.visit("files", { user: "manager", hash: "#/changes?period=last_week&change_type=hold" });
  const { page } = visitor;
  const again = ({ url }) => api.get(url.pathname, Object.fromEntries(url.searchParams));

  const csv = await download(page, page.locator("#download"), "/reports/case-changes.csv");
  assert.match(csv.name, /\.csv$/);
  assert.equal(csv.url.searchParams.get("period"), "last_week");
  assert.equal(csv.url.searchParams.get("change_type"), "hold");
  assert.equal(csv.content, await again(csv), "the CSV of a report");

  const { since, until } = { since: daysAgo(27), until: daysAgo(20) };
  await visitor.go(`#/log?since=${since}&until=${until}&category=case`);
  const total = (await api.get("/api/v1/audit-log", { since, until, category: "case", include_total: true, limit: 1 })).page
    .total;
  assert.ok(total > 20);
  for (const [button, path] of [
    ["#csv", "/audit-log/export.csv"],
    ["#ndjson", "/audit-log/export.ndjson"],
  ]) {
    const file = await download(page, page.locator(button), path);
    assert.deepEqual(Object.fromEntries(file.url.searchParams), { since, until, category: "case" }, "exactly this filter");
    assert.equal(file.content, await again(file), path);
    if (path.endsWith("ndjson")) assert.equal(file.content.trimEnd().split("\n").length, total, "a line for each entry");
  }

  const { id } = await accepted(house);
  const text = "Gross pay in October: 4,210.00\n";
  const visit = await house.visit("files", { user: "member1", hash: `#/case/${id}` });
  await visit.page.getByText("Add a document", { exact: true }).click();
  const form = visit.page.getByRole("form", { name: "Add a document" });
  await form.locator("input[type=file]").setInputFiles({ name: "stub.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
  await form.locator("button[type=submit]").click();
  const file = await download(visit.page, visit.page.getByRole("button", { name: "stub.txt", exact: true }), "/content");
  assert.equal(file.name, "stub.txt");
  assert.equal(file.content, text);
  visitor.calm();
  visit.calm();
}
