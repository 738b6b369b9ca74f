// Nothing that axe finds in any view at 1400 px, light and dark, and no view is wider than the screen.

import { inspect } from "../inspect.js";

export const title = "axe finds nothing, and every view fits: 1400 px, light and dark";

export const run = (house) => inspect(house, "accessible-wide", 1400);
