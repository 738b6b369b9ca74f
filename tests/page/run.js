// Runs the stories one by one, or a few by name: node run.js [--screenshots FOLDER] [story ...]
//
// A story is a module in stories/ that exports `title` and `run(house)`. It fails by throwing. The house has the two services and
// the browser; see house.js.

import { readdirSync } from "node:fs";
import { open } from "./house.js";

const options = process.argv.slice(2);
const shots = options.indexOf("--screenshots");
const folder = shots >= 0 ? options.splice(shots, 2)[1] : undefined;
const LANES = 2;
/** How long a story may take, in milliseconds, on a busy machine. */
const PATIENCE = 600_000;
/** Those that take the longest are the first, so that no lane waits for the other. */
const LONG = ["accessible-wide", "accessible-narrow", "markup"];

const all = readdirSync(new URL("stories", import.meta.url)).map((name) => name.replace(/\.js$/, ""));
const chosen = folder ? ["screenshots"] : options.length ? options : all.filter((name) => name !== "screenshots");
const alone = chosen.filter((name) => name === "budget");
const together = chosen
  .filter((name) => !alone.includes(name))
  .sort((a, b) => Number(LONG.includes(b)) - Number(LONG.includes(a)));
const house = await open(folder);
let failed = 0;

async function late() {
  await new Promise((resolve) => setTimeout(resolve, PATIENCE).unref());
  throw new Error(`not finished after ${PATIENCE / 1000} s`);
}

/** @param {string} name */
async function tell(name) {
  const { title, run } = await import(`./stories/${name}.js`);
  const began = performance.now();
  const said = (mark) =>
    console.log(`${mark} ${`${title} (${name})`.padEnd(78)} ${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s`);
  try {
    const remarks = await Promise.race([run(house), late()]);
    said("ok    ");
    for (const remark of remarks ?? []) console.log(`         ${remark}`);
  } catch (error) {
    failed++;
    said("FAILED");
    console.log(error.stack.replace(/^/gm, "         "));
  } finally {
    await house.leave(name);
  }
}

try {
  // What is measured is measured alone.
  for (const name of alone) await tell(name);
  const lane = async () => {
    for (let name = together.shift(); name; name = together.shift()) await tell(name);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
} finally {
  await house.close();
}
console.log(failed ? `${failed} of ${chosen.length} stories failed` : `all ${chosen.length} stories passed`);
process.exitCode = failed ? 1 : 0;
