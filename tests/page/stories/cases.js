// The list of cases and a case are what the API returns for each role: counts, rows, and what can be done.

import assert from "node:assert/strict";
import { words } from "../words.js";

export const title = "Cases are those of the API for each role: counts, rows, actions";

const STATUSES = "draft submitted accepted hold pending_review needs_resubmission resubmitted completed".split(" ");
/** What has a form of its own instead of a button. */
const FORMS = { upload: "Add a document", comment: "Write a note" };

export async function run(house) {
  let seen = 0;
  for (const user of ["admin", "manager", "tech2", "member1"]) {
    const visitor = await house.visit("cases", { user, hash: "#/alerts" });
    const [counts, page] = await answers(visitor, ["/api/v1/cases/counts", "/api/v1/cases"], "#/cases");
    await list(visitor, counts, page);
    for (const status of STATUSES) {
      const [item] = page.data.filter((one) => one.status === status);
      if (!item) continue;
      const [file] = await answers(visitor, [`/api/v1/cases/${item.id}/file`], `#/case/${item.id}`);
      await detail(visitor, file, `${user}, ${status}`);
      seen++;
    }
    visitor.calm(user);
  }
  assert.ok(seen > 12, `${seen} cases`);
  return [`${seen} cases by four roles`];
}

/** What the page was answered when it went there. */
async function answers(visitor, paths, hash) {
  const waiting = paths.map((path) =>
    visitor.page.waitForResponse((response) => response.ok() && new URL(response.url()).pathname === path),
  );
  await visitor.go(hash);
  return Promise.all(waiting.map(async (response) => (await response).json()));
}

async function list({ page }, counts, answer) {
  const tallies = await page
    .locator(".choice .tally")
    .evaluateAll((all) =>
      all.map((tally) => [tally.parentElement?.id.replace("tab-", ""), Number(tally.textContent?.replaceAll(",", ""))]),
    );
  const expected = { all: counts.total_cases, ...Object.fromEntries(STATUSES.map((status) => [status, 0])) };
  for (const { key, count } of counts.data) expected[key] = count;
  assert.deepEqual(Object.fromEntries(tallies), expected, "counts of the tabs");
  const rows = await page
    .locator('.scroll[aria-label="Cases"] tbody tr')
    .evaluateAll((all) => all.map((row) => [...row.children].slice(0, 3).map((cell) => cell.textContent?.trim())));
  const wanted = answer.data.map((item) => [
    item.case_number,
    `${item.employee_first_name} ${item.employee_last_name}`,
    words(item.status),
  ]);
  assert.equal(rows.length, wanted.length);
  rows.forEach(([number, name, status], at) => {
    assert.deepEqual([number, name], wanted[at].slice(0, 2));
    assert.ok(status.startsWith(wanted[at][2]), `${number} is ${status}`);
  });
}

async function detail({ page }, { case: item, documents, notes, reviews }, where) {
  const buttons = await page
    .locator("[data-case] .buttons > button")
    .evaluateAll((all) => all.map(({ id }) => id.replace("action-", "")));
  const allowed = item.allowed_actions.filter((action) => !(action in FORMS));
  assert.deepEqual(buttons.sort(), allowed.sort(), `${where}: actions`);
  for (const [action, text] of Object.entries(FORMS))
    assert.equal(
      (await page.getByText(text, { exact: true }).count()) > 0,
      item.allowed_actions.includes(action),
      `${where}: ${action}`,
    );
  const text = (await page.locator("#main").innerText()).replace(/\s+/g, " ");
  const facts = [
    item.case_number,
    `${item.employee_first_name} ${item.employee_last_name}`,
    item.member?.full_name,
    item.assigned_to?.full_name,
    item.hold?.reason,
    item.tier && words(item.tier),
    ...documents.data.map(({ filename }) => filename),
    ...notes.data.map(({ body }) => body),
    ...(reviews?.data ?? []).map((step) => step.notes),
  ];
  for (const fact of facts) if (fact) assert.ok(text.includes(fact.replace(/\s+/g, " ").trim()), `${where}: "${fact}" is shown`);
  assert.equal(await page.getByRole("heading", { name: "Reviews", exact: true }).count(), reviews ? 1 : 0, `${where}: reviews`);
}
