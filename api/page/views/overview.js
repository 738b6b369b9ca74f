import { empty } from "../states.js";

export const title = "overview";

export const render = async () => [empty("Not there yet")];
