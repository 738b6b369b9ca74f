import { empty } from "../states.js";

export const title = "Entry";

export const render = async () => [empty("Not there yet")];
