// A view without data, with a service that is not available, and without a network says so, and shows itself when that is over.

import assert from "node:assert/strict";
import { places } from "../places.js";

export const title = "Every view with an empty database, with 503, offline and after an upgrade";

const PROBLEM = {
  type: "/problems/unavailable",
  title: "Unavailable",
  status: 503,
  code: "unavailable",
  detail: "The database is not available.",
  request_id: "0123456789abcdef",
  errors: [],
};
/** What the frame reads. */
const FRAME = /\/api\/v1\/(auth\/|service)/;

export async function run(house) {
  await empty(house);
  const all = await places(house);
  await unavailable(house, all);
  await offline(house, all);
  await laterOn(house);
  await upgraded(house);
  await atTheDoor(house);
}

async function empty(house) {
  const { blank } = house;
  const guest = await house.visit("states", { at: blank });
  assert.equal(await guest.page.locator("[data-username]").count(), 0, "no demo accounts where there is no demo");
  guest.calm("the sign-in of an empty database");
  for (const [width, dark] of [
    [1400, false],
    [360, true],
  ]) {
    const visitor = await house.visit("states", { at: blank, user: "ada", width, dark });
    for (const { name } of await visitor.views()) {
      for (const hash of [`#/${name}`, `#/${name}?since=2020-01-01&until=2020-01-05`]) {
        await visitor.go(hash);
        assert.equal(await visitor.page.locator(".failed").count(), 0, `${hash} of an empty database`);
        const text = await visitor.text();
        assert.ok(text.length > 20, `${hash} of an empty database is blank`);
        assert.doesNotMatch(text, /undefined|NaN|null|\[object/, hash);
        await visitor.fits(`${hash} of an empty database`);
      }
      if (width === 1400) await visitor.axe(`${name} of an empty database`);
    }
    visitor.calm("an empty database");
  }
  await house.leave("states");
}

async function unavailable(house, all) {
  const visitor = await house.visit("states", { user: "admin", hash: "#/alerts" });
  const { page } = visitor;
  visitor.expect(/status of 503/);
  for (const [view, hash] of Object.entries(all)) {
    if (view === "alerts") await visitor.go("#/cases");
    await page.route(
      (url) => url.pathname.startsWith("/api/v1/") && !FRAME.test(url.pathname),
      (route) =>
        route.fulfill({
          status: 503,
          contentType: "application/problem+json",
          headers: { "Retry-After": "30" },
          body: JSON.stringify(PROBLEM),
        }),
    );
    await visitor.go(hash);
    const state = page.locator(".failed.busy").first();
    await state.waitFor();
    const text = await state.innerText();
    for (const part of [PROBLEM.detail, "30 s", PROBLEM.request_id])
      assert.ok(text.includes(part), `${view} with 503 says "${part}": ${text}`);
    if (["overview", "case"].includes(view)) await visitor.axe(`${view} with 503`);
    await page.unroute(() => true).catch(() => undefined);
    await page.unrouteAll();
    await recover(visitor, view);
  }
  visitor.calm("503");
  await house.leave("states");
}

async function offline(house, all) {
  const visitor = await house.visit("states", { user: "admin", hash: "#/alerts" });
  const { page } = visitor;
  visitor.expect(/ERR_INTERNET_DISCONNECTED/);
  for (const [view, hash] of Object.entries(all)) {
    if (view === "alerts") await visitor.go("#/cases");
    await visitor.context.setOffline(true);
    await visitor.go(hash);
    const state = page.locator(".failed").first();
    await state.waitFor();
    assert.ok((await state.getAttribute("class"))?.includes("offline"), `${view} offline says "${await state.innerText()}"`);
    await visitor.context.setOffline(false);
    await recover(visitor, view);
  }
  visitor.calm("offline");
  await house.leave("states");
}

async function recover(visitor, view) {
  const { page } = visitor;
  if (view === "drawer") {
    // The list behind it is asked for again, or the entry.
    await page.reload();
    await visitor.ready();
    return;
  }
  await page.locator("#main").getByRole("button", { name: "Try again" }).first().click();
  await page.waitForFunction(() => !document.querySelector("#main .failed"));
  await visitor.ready();
}

/** A short 503 is waited for, without a word. */
async function laterOn(house) {
  const visitor = await house.visit("states", { user: "manager", hash: "#/alerts" });
  const { page } = visitor;
  visitor.expect(/status of 503/);
  let refused = 0;
  await page.route("**/api/v1/reports/**", (route) =>
    refused++
      ? route.continue()
      : route.fulfill({
          status: 503,
          contentType: "application/problem+json",
          headers: { "Retry-After": "1" },
          body: JSON.stringify(PROBLEM),
        }),
  );
  await visitor.go("#/reviews");
  assert.equal(refused, 2);
  assert.equal(await page.locator(".failed").count(), 0);
  assert.ok(await page.locator(".cards").count());
  visitor.calm("a short 503");
}

/** A later version of the service has other files: those of a page that is open are gone. */
async function upgraded(house) {
  const visitor = await house.visit("states", { user: "manager", hash: "#/alerts" });
  const { page } = visitor;
  visitor.expect(/status of 404/, /Failed to (load|fetch)/);
  const gone = (route) => route.fulfill({ status: 404, contentType: "text/plain", body: "" });
  await page.waitForLoadState("networkidle");
  await page.route((url) => url.pathname.includes("/page/"), gone);
  await visitor.go("#/log");
  assert.equal(await page.locator(".failed").count(), 0, "it was read before");
  await page.unrouteAll();
  await page.route((url) => url.pathname.endsWith("/views/system.js"), gone);
  await page.reload();
  await visitor.ready();
  await visitor.go("#/system");
  await page.getByText("This view could not be loaded").waitFor();
  await page.unrouteAll();
  await recover(visitor, "system");
  assert.ok(await page.locator(".cards").count());
  visitor.calm("an upgrade");
}

/** Before anyone has signed in. */
async function atTheDoor(house) {
  const visitor = await house.visit("states");
  const { page } = visitor;
  visitor.expect(/status of 503/, /ERR_INTERNET_DISCONNECTED/);
  const refuse = (path) =>
    page.route(path, (route) =>
      route.fulfill({
        status: 503,
        contentType: "application/problem+json",
        headers: { "Retry-After": "30" },
        body: JSON.stringify(PROBLEM),
      }),
    );
  await refuse("**/api/v1/auth/login");
  await page.locator("[data-username=manager]").click();
  await page.locator(".failed.busy").getByText(PROBLEM.detail).waitFor();
  await page.unrouteAll();
  await visitor.context.setOffline(true);
  await page.locator("[data-username=manager]").click();
  await page.locator(".failed.offline").waitFor();
  await visitor.context.setOffline(false);

  await refuse("**/api/v1/service");
  await page.reload();
  await page.locator(".failed.busy").getByText(PROBLEM.detail).waitFor();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator("[data-username=manager]").waitFor();
  await visitor.enter("manager");
  visitor.calm("the sign-in with 503 and offline");
}
