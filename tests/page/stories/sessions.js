// Sessions: where the tokens are, tabs that share one, signing out, and a session that has ended while the page was open.

import assert from "node:assert/strict";

export const title = "Tokens stay in the tab, tabs share a session; one that has ended leads to the sign-in and back";

const KEY = "casetrail.session";
const tokens = (page) => page.evaluate((key) => JSON.parse(sessionStorage.getItem(key) ?? "null"), KEY);
/** As if ten minutes had passed. */
const age = (page) =>
  page.evaluate((key) => {
    const own = JSON.parse(sessionStorage.getItem(key));
    sessionStorage.setItem(key, JSON.stringify({ ...own, expires_at: 0 }));
  }, KEY);
const signIn = (page) => page.locator("button[data-username]").first().waitFor();

export async function run(house) {
  const visitor = await house.visit("sessions", { hash: "#/signin" });
  visitor.expect(/status of 401/);
  const { page, context } = visitor;
  assert.deepEqual(await kept(page, context), { ...NOWHERE, session: [] });
  await visitor.enter("tech3");
  await onlyInTheTab(page, context);
  await twoTabs(visitor, page, context);
  await signedOut(visitor, page);
  await ended(house, visitor, page);
  await offlineSignOut(visitor, page);
  visitor.calm();
}

/** What a browser keeps when the tab is closed. */
const NOWHERE = { cookies: [], cookie: "", local: [], databases: [], caches: [], name: "", state: null };

/** What the page has kept, and where. */
async function kept(page, context) {
  const own = await page.evaluate(async () => ({
    cookie: document.cookie,
    local: Object.keys(localStorage),
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    name: window.name,
    state: history.state,
    session: Object.keys(sessionStorage),
  }));
  return { cookies: await context.cookies(), ...own };
}

async function onlyInTheTab(page, context) {
  assert.deepEqual(await kept(page, context), { ...NOWHERE, session: [KEY] });
  const { access_token: access, refresh_token: refresh } = await tokens(page);
  assert.ok(access.length > 20 && refresh.length > 20);
  const document = await page.evaluate(() => location.href + document.documentElement.outerHTML);
  for (const token of [access, refresh]) assert.ok(!document.includes(token), "no token in the document or its address");
  const other = await context.newPage();
  await other.goto(page.url());
  await signIn(other);
  assert.equal(await tokens(other), null, "another tab has none of them");
  await other.close();
}

/** A tab that was duplicated: the tokens are copied with it. */
async function twoTabs(visitor, page, context) {
  const other = await context.newPage();
  await other.addInitScript(
    ([key, value]) => sessionStorage.getItem(key) ?? sessionStorage.setItem(key, value),
    [KEY, JSON.stringify(await tokens(page))],
  );
  await other.goto(page.url());
  await other.locator("#signout").waitFor();
  let refreshed = 0;
  context.on("request", (request) => (refreshed += Number(request.url().endsWith("/auth/refresh"))));
  await Promise.all([page, other].map(age));
  await Promise.all(
    [page, other].map((one) =>
      Promise.all([
        one.waitForResponse((response) => response.url().includes("/api/v1/alerts") && response.ok()),
        one.evaluate(() => (location.hash = "#/alerts")),
      ]),
    ),
  );
  assert.equal(refreshed, 1, "one refresh for both tabs");
  assert.deepEqual(await tokens(page), await tokens(other));
  await visitor.ready();
  await onlyInTheTab(page, context);

  await page.locator("#signout").click();
  await signIn(page);
  await signIn(other);
  assert.equal(await tokens(other), null, "signed out in the other tab, too");
  await other.close();
}

/** Nothing of the person is there any more, also not by the browser's Back. */
async function signedOut(visitor, page) {
  assert.deepEqual(await kept(page, page.context()), { ...NOWHERE, session: [] });
  for (let steps = 0; steps < 2; steps++) {
    await page.goBack().catch(() => undefined);
    await signIn(page);
    assert.equal(await page.locator("#signout").count(), 0);
  }
  await visitor.go("#/signin");
}

/** Ended by an administrator while the page was open. Someone of this story's own, since it ends all their sessions. */
async function ended(house, visitor, page) {
  const admin = house.api("admin");
  const person = { username: "ines.quill", password: "twelve green bottles" };
  const { id } = await admin.post("/api/v1/users", {
    ...person,
    email: "ines.quill@example.org",
    first_name: "Ines",
    last_name: "Quill",
    role: "manager",
  });
  const enter = async () => {
    for (const [name, value] of Object.entries(person)) await page.locator(`[name=${name}]`).fill(value);
    await page.locator("form button[type=submit]").click();
    await page.waitForFunction(() => !location.hash.startsWith("#/signin"));
    await visitor.ready();
  };
  await enter();
  const end = async () => {
    const answer = await admin.call("DELETE", `/api/v1/users/${id}/sessions`);
    assert.equal(answer.status, 204, answer.text);
  };
  const led = async (what) => {
    await signIn(page);
    assert.match(await page.locator("#main").innerText(), /Your session has ended/, what);
    assert.equal(await page.locator(".toast").count(), 0, `${what}: no message besides`);
    assert.equal(await tokens(page), null, what);
  };

  await visitor.go("#/changes?period=last_week");
  await end();
  await page.locator("#download").click();
  await led("a download");
  await enter();
  assert.ok(page.url().endsWith("#/changes?period=last_week"), page.url());

  await visitor.go("#/log?period=all");
  await end();
  await page.getByRole("button", { name: "Show more" }).click();
  await led("the next page of a list");
  // Someone else in the same tab, who may not read the log.
  await page.locator('button[data-username="tech1"]').click();
  await page.waitForFunction(() => location.hash.startsWith("#/log"));
  await visitor.ready();
  await page.getByText("Not permitted").waitFor();
  await page.locator("#signout").click();
  await signIn(page);
}

/** The service is not reached: the page says that the session lasts there. */
async function offlineSignOut(visitor, page) {
  visitor.expect(/ERR_INTERNET_DISCONNECTED/);
  await visitor.go("#/signin");
  await visitor.enter("tech1");
  await visitor.context.setOffline(true);
  await page.locator("#signout").click();
  await signIn(page);
  await page.locator(".toast").getByText("You are signed out in this browser").waitFor();
  assert.equal(await tokens(page), null);
  await visitor.context.setOffline(false);
}
