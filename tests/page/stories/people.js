// A person is chosen from those that the API finds as one types, with the mouse and with keys alone.

import assert from "node:assert/strict";
import { words } from "../words.js";

export const title = "A person is chosen while typing, by mouse and by keys";

export async function run(house) {
  const visitor = await house.visit("people", { user: "manager", hash: "#/people?period=last_week&role=technician" });
  const picker = new Picker(visitor, house.api("manager"), "user_id");
  await byKeys(visitor, picker);
  await byMouse(visitor, picker);
  await noOne(visitor, picker);
  await late(visitor, picker);
  await several(visitor, new Picker(visitor, house.api("manager"), "exclude_actor_id"));
  visitor.calm();
}

class Picker {
  constructor({ page }, api, parameter) {
    this.page = page;
    this.api = api;
    this.parameter = parameter;
    this.input = page.locator(`#choose-${parameter}`);
    this.list = page.locator(".combo", { has: this.input }).getByRole("listbox");
    this.options = this.list.getByRole("option");
  }

  /** Those whom the API finds. @param {string} q */
  async found(q) {
    return (await this.api.get("/api/v1/users", { q, limit: 10, include_deleted: true })).data;
  }

  /** Types, and compares what is offered. @param {string} q */
  async type(q) {
    const users = await this.found(q);
    await this.input.fill("");
    // On a slow machine the first letters may be searched for by themselves.
    const answered = this.page.waitForResponse((answer) => answer.ok() && new URL(answer.url()).searchParams.get("q") === q);
    await this.input.pressSequentially(q);
    await answered;
    await this.list.waitFor();
    await this.options.nth(users.length - 1).waitFor();
    assert.deepEqual(
      await this.options.allInnerTexts(),
      users.map((user) => `${user.full_name} ${user.username} · ${words(user.role)}`),
      `those who are offered for "${q}"`,
    );
    await this.says({ expanded: "true", active: null });
    return users;
  }

  /** What a screen reader is told. */
  async says({ expanded, active }) {
    const [state, controls, at] = await this.input.evaluate((input) =>
      ["aria-expanded", "aria-controls", "aria-activedescendant"].map((name) => input.getAttribute(name)),
    );
    assert.equal(state, expanded);
    assert.equal(await this.list.isVisible(), expanded === "true");
    assert.equal(controls, await this.page.locator(`.combo:has(#choose-${this.parameter}) ul`).getAttribute("id"));
    const selected = expanded === "true" ? await this.options.evaluateAll((all) => all.map((one) => one.ariaSelected)) : [];
    assert.deepEqual(
      selected.flatMap((is, index) => (is === "true" ? [index] : [])),
      active === null ? [] : [active],
      "the option that is selected",
    );
    assert.equal(at, active === null ? null : await this.options.nth(active).getAttribute("id"));
  }
}

/** The person whom the view shows is the chosen one. */
async function shows({ page }, user) {
  const query = new URLSearchParams(page.url().split("?")[1]);
  assert.equal(query.get("user_id"), user.id);
  assert.equal(query.get("period"), "last_week", "the period is kept");
  assert.equal(query.get("role"), null, "the filter of the list does not apply to a person");
  const head = await page.locator(".person-head").innerText();
  assert.ok(head.includes(user.full_name) && head.includes(user.username), head);
}

async function byKeys(visitor, picker) {
  const { page } = visitor;
  const users = await picker.type("te");
  assert.ok(users.length > 2, `${users.length} people`);
  const press = async (key, active) => {
    await page.keyboard.press(key);
    await picker.says({ expanded: "true", active });
  };
  await press("ArrowUp", users.length - 1);
  await press("ArrowDown", 0);
  await press("ArrowDown", 1);
  await press("ArrowUp", 0);
  await press("ArrowDown", 1);
  await page.keyboard.press("Escape");
  await picker.says({ expanded: "false", active: null });

  await picker.type("te");
  await press("ArrowDown", 0);
  await press("ArrowDown", 1);
  await chosen(visitor, () => page.keyboard.press("Enter"));
  await shows(visitor, users[1]);
  assert.equal(await page.evaluate(() => document.activeElement?.id), "choose-user_id", "the focus stays");
  assert.equal(await picker.input.inputValue(), "");

  // The only one needs no arrow key.
  const [only, ...more] = await picker.type("tech3");
  assert.deepEqual(more, []);
  await chosen(visitor, () => page.keyboard.press("Enter"));
  await shows(visitor, only);
}

async function byMouse(visitor, picker) {
  const users = await picker.type("me");
  await chosen(visitor, () => picker.options.nth(2).click());
  await shows(visitor, users[2]);
  // What was typed and not chosen has no effect.
  await picker.type("te");
  await visitor.page.locator("h1").click();
  await picker.list.waitFor({ state: "hidden" });
  await shows(visitor, users[2]);
}

async function chosen(visitor, choose) {
  const before = visitor.page.url();
  await choose();
  await visitor.page.waitForFunction((url) => location.href !== url, before);
  await visitor.ready();
}

async function noOne({ page }, picker) {
  const before = page.url();
  // Of several no one is chosen unless one is selected.
  await picker.type("te");
  await page.keyboard.press("Enter");
  await picker.says({ expanded: "true", active: null });
  assert.equal(page.url(), before);

  await picker.input.fill("xqzv");
  await picker.list.getByText("No people found").waitFor();
  for (const key of ["ArrowDown", "Enter"]) await page.keyboard.press(key);
  assert.equal(page.url(), before);
}

/** An answer that comes when more was typed is not shown. */
async function late({ page }, picker) {
  let release = () => {};
  const held = new Promise((resolve) => (release = () => resolve(undefined)));
  const isFirst = (url) => url.pathname === "/api/v1/users" && url.searchParams.get("q") === "te";
  await page.route(isFirst, async (route) => {
    await held;
    await route.continue();
  });
  const asked = page.waitForRequest((request) => isFirst(new URL(request.url())));
  await picker.input.fill("te");
  await asked;
  const users = await picker.found("member1");
  await picker.input.fill("member1");
  await picker.list.getByText("member1").first().waitFor();
  const answered = page.waitForResponse((response) => isFirst(new URL(response.url())));
  release();
  await (await answered).finished();
  await page.waitForTimeout(200);
  assert.equal(await picker.options.count(), users.length);
  await page.unrouteAll();
  await page.keyboard.press("Escape");
}

/** More than one actor can be left out of the log. */
async function several(visitor, picker) {
  const { page } = visitor;
  await visitor.go("#/log?period=last_week");
  await page.locator("#more-filters").click();
  const wanted = [];
  for (const name of ["tech1", "tech2"]) {
    const [user] = await picker.type(name);
    wanted.push(user);
    await chosen(visitor, () => picker.options.first().click());
  }
  const ids = () => new URLSearchParams(page.url().split("?")[1]).getAll("exclude_actor_id");
  assert.deepEqual(
    ids(),
    wanted.map(({ id }) => id),
  );
  for (const { full_name: name } of wanted) assert.ok((await page.locator(".chips").innerText()).includes(name), name);
  await chosen(visitor, () => page.getByRole("link", { name: `Remove the filter Exclude actor ${wanted[0].full_name}` }).click());
  assert.deepEqual(ids(), [wanted[1].id]);
}
