import { empty } from "../states.js";

export const title = "Case";

export const render = async () => [empty("Not there yet")];
