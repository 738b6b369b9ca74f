import { empty } from "../states.js";

export const title = "changes";

export const render = async () => [empty("Not there yet")];
