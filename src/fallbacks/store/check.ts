import { LayerError } from "../core/errors.ts";
import type { GravesRequest, Json, ListRequest, Operation, Outcome, Place } from "./port.ts";

const LONGEST_LIST = 1_000;

/** How many operation ids a local store remembers: the newest ones, enough for every retry of a long outage. */
export const OPERATIONS_KEPT = 50_000;

/**
 * JSON text of a value. Lone surrogates and NUL are escaped by JSON itself, so any string survives.
 * @throws {LayerError} `invalid_request` when it is not JSON.
 */
export function valueToText(value: Json, key: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new LayerError("invalid_request", `the value of ${show(key)} is not JSON`, { cause });
  }
  if (text === undefined) throw new LayerError("invalid_request", `the value of ${show(key)} is not JSON`);
  return text;
}

export function valueFromText(text: string): Json {
  return JSON.parse(text) as Json;
}

/** @throws {LayerError} `invalid_request` that names what is wrong. */
export function checkOperation(operation: Operation): void {
  if (operation.id === "") throw new LayerError("invalid_request", "the id of an operation must not be empty");
  for (const write of operation.writes) {
    checkCount(write.expect, 0, `expect of ${show(write.key)}`);
    checkCount(write.version, 1, `version of ${show(write.key)}`);
  }
}

/**
 * What becomes of one operation among several: what `work` gives, or `refused` where the operation itself is wrong.
 * @throws what `work` throws, unless it is an `invalid_request`.
 */
export function outcomeOf<T>(work: () => T): T | Extract<Outcome, { readonly status: "refused" }> {
  try {
    return work();
  } catch (error) {
    if (error instanceof LayerError && error.errorClass === "invalid_request") return { status: "refused", error };
    throw error;
  }
}

/** @throws {LayerError} `invalid_request` when the limit is not a whole number from 1 to 1000. */
export function checkList({ limit }: Pick<ListRequest | GravesRequest, "limit">): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LONGEST_LIST) return;
  throw new LayerError("invalid_request", `limit must be a whole number from 1 to ${LONGEST_LIST}, not ${limit}`);
}

/** @throws {LayerError} `invalid_request` when they are more than 1000. */
export function checkPlaces(places: readonly Place[]): void {
  if (places.length <= LONGEST_LIST) return;
  throw new LayerError("invalid_request", `places must be at most ${LONGEST_LIST}, not ${places.length}`);
}

/** @throws {LayerError} `invalid_request` when `before` is no time or `limit` no whole number of at least 1. */
export function checkForget(before: number, limit: number): void {
  if (!Number.isFinite(before)) {
    throw new LayerError("invalid_request", `before must be a time in ms since 1970, not ${before}`);
  }
  checkCount(limit, 1, "limit");
}

function checkCount(value: number | undefined, least: number, name: string): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new LayerError("invalid_request", `${name} must be a whole number of at least ${least}, not ${value}`);
}

function show(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
}
