import { empty } from "../states.js";

export const title = "Alerts";

export const render = async () => [empty("Not there yet")];
