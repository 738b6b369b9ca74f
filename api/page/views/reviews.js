import { empty } from "../states.js";

export const title = "reviews";

export const render = async () => [empty("Not there yet")];
