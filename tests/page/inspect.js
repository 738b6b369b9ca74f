// What axe says of every view at a width, light and dark. In the dark only the colours differ, so only they are looked at once more.

import { places } from "./places.js";
import { openForm } from "./cases.js";

const FILTERS = ["case_held", "case_resumed", "case_assigned"].map((type) => `action_type=${type}`).join("&");

/** @param {any} house @param {string} story @param {number} width */
export async function inspect(house, story, width) {
  const all = await places(house);
  for (const dark of [false, true]) {
    const place = (view) => `${view} at ${width} px, ${dark ? "dark" : "light"}`;
    const guest = await house.visit(story, { width, dark });
    await look(guest, place("sign in"));
    guest.calm();
    const visitor = await house.visit(story, { user: "admin", width, dark });
    for (const [view, hash] of Object.entries(all)) {
      await visitor.go(hash);
      if (view === "drawer") await visitor.page.locator("dialog .entry-part").first().waitFor();
      await look(visitor, place(view));
      if (view === "log") {
        await look(await opened(visitor, "#more-filters"), place("log with all filters"));
        await visitor.go(`#/log?period=last_week&changed_field=status&${FILTERS}`);
        await look(visitor, place("log with filters that are set"));
      }
      if (view === "case") {
        await openForm(visitor.page, "resume");
        await look(visitor, place("case with a form"));
      }
      if (view === "overview" && width === 360) {
        await visitor.page.locator("#menu").click();
        await look(visitor, place("menu"));
      }
    }
    visitor.calm();
    for (const [username, hash] of [
      ["member1", "#/cases"],
      ["tech2", "#/alerts"],
      ["manager", "#/overview"],
      ["manager", "#/cases"],
      ["member1", "#/overview"],
    ]) {
      const other = await house.visit(story, { user: username, width, dark, hash });
      await look(other, place(`${username} ${hash}`));
      other.calm();
    }
    await house.leave(story);
  }
}

/** @param {any} visitor @param {string} where */
async function look(visitor, where) {
  await visitor.fits(where);
  await visitor.axe(where, visitor.dark);
}

async function opened(visitor, selector) {
  await visitor.page.locator(selector).click();
  return visitor;
}
