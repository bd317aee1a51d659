import { LayerError } from "../core/errors.ts";

export const NO_QUERY = "it takes no ? and no #; in a password they are %3F and %23";

/** The number of a database; nothing is 0. @throws {LayerError} `invalid_request`. */
export function parseDb(text: string): number {
  if (!/^\d{0,5}$/.test(text)) throw wrongUrl("the database must be a number");
  return Number(text);
}

/** `why` names the part that is wrong and must not repeat it: what stands there may be a piece of a password. */
export function wrongUrl(why: string): LayerError {
  return new LayerError("invalid_request", `the URL of Redis cannot be used: ${why}`);
}
