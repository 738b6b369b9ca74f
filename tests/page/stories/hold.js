// A technician holds a case and resumes it through the forms, and sees at the fields what the service refuses.

import assert from "node:assert/strict";
import { accepted, openForm, send } from "../cases.js";

export const title = "A case is held and resumed; 422, 409 and 412 are shown in the form";

export async function run(house) {
  const api = house.api("tech2");
  const { id, case_number: number } = await accepted(house);
  const visitor = await house.visit("hold", { user: "tech2", hash: `#/case/${id}` });
  const { page } = visitor;
  assert.equal(await page.locator("h1").innerText(), number);
  visitor.expect(/status of (409|412|422)/);

  let form = await openForm(page, "hold");
  await form.locator("[name=hold_duration_days]").fill("5000");
  let answer = await send(page, form);
  assert.equal(answer.status(), 422);
  await atTheFields(form, await answer.json(), ["reason", "hold_duration_days"]);
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute("name")),
    "reason",
    "the first wrong field has the focus",
  );

  await form.locator("[name=reason]").fill("waiting for the pay stub of October");
  await form.locator("[name=hold_duration_days]").fill("14");
  answer = await send(page, form);
  assert.equal(answer.status(), 200);
  await page.locator("#action-resume").waitFor();
  await visitor.ready();
  let item = await api.get(`/api/v1/cases/${id}`);
  assert.equal(item.status, "hold");
  assert.equal(item.hold.reason, "waiting for the pay stub of October");
  assert.equal(item.hold.duration_days, 14);
  assert.ok((await visitor.text()).includes("waiting for the pay stub of October"));
  assert.match(await page.locator(".timeline li").first().innerText(), /placed on hold/i, "the history begins with the hold");

  form = await openForm(page, "resume");
  await form.locator("[name=reason]").fill("the pay stub arrived");
  answer = await send(page, form);
  assert.equal(answer.status(), 200);
  await page.locator("#action-hold").waitFor();
  await visitor.ready();
  assert.equal((await api.get(`/api/v1/cases/${id}`)).status, "accepted");

  // Nothing was uploaded, and the checkbox that would complete it nevertheless is not set.
  form = await openForm(page, "complete");
  answer = await send(page, form);
  assert.equal(answer.status(), 409);
  const problem = await answer.json();
  assert.equal(problem.code, "missing_reports");
  await atTheFields(form, problem, ["override_incomplete"]);
  await form.getByText(problem.detail, { exact: true }).first().waitFor();

  // Someone else edits it meanwhile.
  form = await openForm(page, "hold");
  await form.locator("[name=reason]").fill("typed before the conflict");
  await house.api("admin").patch(`/api/v1/cases/${id}`, { internal_notes: "edited meanwhile" });
  answer = await send(page, form);
  assert.equal(answer.status(), 412);
  await form.getByText((await answer.json()).detail).waitFor();
  assert.equal((await api.get(`/api/v1/cases/${id}`)).status, "accepted", "nothing was overwritten");
  await page.getByRole("button", { name: "Reload the case" }).click();
  await page.getByText("edited meanwhile").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".action-form [name=reason]")?.value === "typed before the conflict");
  answer = await send(page, page.locator(".action-form form"));
  assert.equal(answer.status(), 200);
  await page.locator("#action-resume").waitFor();
  await visitor.ready();
  item = await api.get(`/api/v1/cases/${id}`);
  assert.equal(item.hold.reason, "typed before the conflict");
  visitor.calm();
}

/** Each error stands at the field that it names, which says so to those who don't see it. */
async function atTheFields(form, problem, names) {
  assert.deepEqual(problem.errors.map(({ pointer }) => pointer).sort(), names.map((name) => `/${name}`).sort());
  for (const { pointer, detail } of problem.errors) {
    const field = form.locator(`.field[data-name="${pointer.slice(1)}"]`);
    await field.getByText(detail, { exact: true }).waitFor();
    const control = field.locator("input, textarea, select");
    assert.equal(await control.getAttribute("aria-invalid"), "true", pointer);
    const described = (await control.getAttribute("aria-describedby")) ?? "";
    const id = await field.locator(".field-problem").getAttribute("id");
    assert.ok(described.split(" ").includes(id), `${pointer} is described by its problem`);
  }
}
