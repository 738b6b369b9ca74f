// The pictures of the documents: overview, log and case, light and dark. The times and figures in them are those of the demo.

import assert from "node:assert/strict";
import { mkdir, stat } from "node:fs/promises";

export const title = "Screenshots for the documents";

const SIZE_MAX = 150 * 1024;

export async function run(house) {
  await mkdir(house.folder, { recursive: true });
  const api = house.api("manager");
  // A case with a story: on hold, of a tier, by someone other than the caller.
  const { data } = await api.get("/api/v1/cases", { status: "hold", sort: "case_number", limit: 50 });
  const item = data.find(({ tier, document_count: documents }) => tier === "tier_2" && documents > 0) ?? data[0];
  const shots = {
    overview: "#/overview?period=last_week&reading=apart",
    log: "#/log?period=last_week&category=case",
    case: `#/case/${item.id}`,
  };
  const sizes = [];
  for (const dark of [false, true]) {
    const visitor = await house.visit("screenshots", { user: "manager", dark, height: 660 });
    for (const [name, hash] of Object.entries(shots)) {
      await visitor.go(hash);
      // What differs from one run to the next.
      await visitor.page.evaluate(() => {
        for (const time of document.querySelectorAll(".stamp time")) time.textContent = "just now";
        for (const version of document.querySelectorAll(".version")) version.textContent = "";
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      });
      const path = `${house.folder}/${name}-${dark ? "dark" : "light"}.png`;
      await visitor.page.screenshot({ path, animations: "disabled", caret: "hide" });
      const { size } = await stat(path);
      assert.ok(size <= SIZE_MAX, `${path} has ${size} bytes`);
      sizes.push(`${name}-${dark ? "dark" : "light"}.png ${Math.round(size / 1024)} KiB`);
    }
    visitor.calm();
  }
  return [sizes.join(", ")];
}
