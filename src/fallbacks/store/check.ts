import { LayerError } from "../core/errors.ts";
import type { Json, ListRequest, Operation } from "./port.ts";

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
    if (write.kind !== "put") continue;
    checkCount(write.expect, 0, `expect of ${show(write.key)}`);
    checkCount(write.version, 1, `version of ${show(write.key)}`);
  }
}

/** @throws {LayerError} `invalid_request` when the limit is not a whole number from 1 to 1000. */
export function checkList({ limit }: ListRequest): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LONGEST_LIST) return;
  throw new LayerError("invalid_request", `limit must be a whole number from 1 to ${LONGEST_LIST}, not ${limit}`);
}

function checkCount(value: number | undefined, least: number, name: string): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new LayerError("invalid_request", `${name} must be a whole number of at least ${least}, not ${value}`);
}

function show(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
}
