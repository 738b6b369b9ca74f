import { empty } from "../states.js";

export const title = "Log";

export const render = async () => [empty("Not there yet")];
