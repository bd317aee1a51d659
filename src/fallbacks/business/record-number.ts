import { LayerError } from "../core/errors.ts";

/** What numbers of records are made of, in either case. */
export const RECORD_NUMBER = /^[A-Za-z0-9-]{1,40}$/;

/**
 * The number in upper case.
 * @throws {LayerError} `invalid_request` for anything but 1 to 40 letters, digits or hyphens.
 */
export function recordNumber(text: string): string {
  if (!RECORD_NUMBER.test(text)) {
    throw new LayerError("invalid_request", "a number of a record is 1 to 40 letters, digits or hyphens");
  }
  return text.toUpperCase();
}
