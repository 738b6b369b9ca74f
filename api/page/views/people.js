import { empty } from "../states.js";

export const title = "people";

export const render = async () => [empty("Not there yet")];
