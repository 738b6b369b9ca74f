// What is downloaded is what the API sends: the CSV of each report with its filters, those of the log, NDJSON, and a document
// that was uploaded here.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { accepted } from "../cases.js";
import { daysAgo } from "../words.js";

export const title = "Downloads are the API's: CSV, NDJSON, a document";

/** Each report with filters of its own: the view, the CSV, and what the page shall ask it for. */
const REPORTS = [
  ["overview", "activity-summary", {}],
  ["people", "user-activity/users", { role: "technician", sort: "username" }],
  ["people", "user-activity", { user_id: "" }],
  ["changes", "case-changes", { change_type: "hold" }],
  ["reviews", "quality-review-audit", { review_status: "approved" }],
  ["system", "system-events", { outcome: "success" }],
];

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
  const visitor = await house.visit("files", { user: "manager", hash: "#/alerts" });
  const { page } = visitor;
  const again = ({ url }) => api.get(url.pathname, Object.fromEntries(url.searchParams));
  let rows = 0;
  for (const [view, path, filters] of REPORTS) {
    const query = { period: "last_week", ...filters };
    if ("user_id" in query) query.user_id = (await api.get("/api/v1/users", { q: "tech2" })).data[0].id;
    await visitor.go(`#/${view}?${new URLSearchParams(query)}`);
    const csv = await download(page, page.locator("#download"), `/reports/${path}.csv`);
    assert.match(csv.name, /\.csv$/);
    assert.deepEqual(Object.fromEntries(csv.url.searchParams), query, `what the CSV of ${path} is asked for`);
    assert.equal(ofThePeriod(csv.content), ofThePeriod(await again(csv)), `the CSV of ${path}`);
    const lines = csv.content.trimEnd().split("\n").length - 1;
    assert.ok(lines > 1, `${path}: ${lines} rows`);
    rows += lines;
  }

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
  return [`${REPORTS.length} reports with ${rows} rows`];
}

/** Without the time of someone's last activity of all, which is later with each reading. */
function ofThePeriod(csv) {
  const lines = csv.split("\n");
  return lines[0].endsWith(",last_activity_overall_at") ? lines.map((line) => line.replace(/,[^,]*$/, "")).join("\n") : csv;
}
