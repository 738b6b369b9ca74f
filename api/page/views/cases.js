import { empty } from "../states.js";

export const title = "Cases";

export const render = async () => [empty("Not there yet")];
