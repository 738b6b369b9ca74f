import { empty } from "../states.js";

export const title = "system";

export const render = async () => [empty("Not there yet")];
