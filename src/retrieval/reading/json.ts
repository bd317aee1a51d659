import type { ParsedDocument } from "../parse.ts";
import { createDocumentBuilder, type DocumentBuilder } from "./document-builder.ts";
import { readingLimits } from "./limits.ts";
import { createRowWriter, type Row, type RowWriter } from "./rows.ts";
import { Unreadable } from "./unreadable.ts";

/** A value as it is read here: numbers keep the digits that the file has. */
type Value = string | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/**
 * Reads JSON: a list of objects as a table, one row an object, each value with the path to it; everything else as lines
 * "path: value". Lists of objects inside stand under the path to them.
 * @throws {Unreadable}
 */
export function parseJson(text: string, otherwise: string): ParsedDocument {
  const value = parseExactly(text);
  const builder = createDocumentBuilder();
  if (isTable(value)) addTable(createRowWriter(builder, []), value);
  else addValue({ builder, writer: createRowWriter(builder, []) }, "", value);
  return builder.finish(undefined, otherwise);
}

/** With numbers as strings: an order number of twenty digits must not be rounded, and a price of 1.10 stays one. */
function parseExactly(text: string): Value {
  const quoted = quoteNumbers(text);
  try {
    JSON.parse(text);
  } catch (error) {
    throw new Unreadable("is not JSON", { cause: error });
  }
  // It is JSON, so that what looks like a number outside strings is one.
  return JSON.parse(quoted) as Value;
}

/** @throws {Unreadable} for what would take too much memory, or go too deep, once it is parsed. */
function quoteNumbers(text: string): string {
  const number = /-?\d[\d.eE+-]*/y;
  const pieces: string[] = [];
  let copied = 0;
  let values = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (sign === '"') at = endOfString(text, at);
    else if (sign === "," || sign === "[" || sign === "{") values += 1;
    if (sign === "[" || sign === "{") depth += 1;
    else if (sign === "]" || sign === "}") depth -= 1;
    else if (sign === "-" || (sign >= "0" && sign <= "9")) {
      number.lastIndex = at;
      const digits = number.exec(text)?.[0] ?? sign;
      pieces.push(text.slice(copied, at), `"${digits}"`);
      copied = at + digits.length;
      at = copied - 1;
    }
    if (values > readingLimits.jsonParts) throw new Unreadable(`holds more than ${readingLimits.jsonParts} values`);
    if (depth > readingLimits.depth) throw new Unreadable(`is nested more than ${readingLimits.depth} deep`);
  }
  return pieces.join("") + text.slice(copied);
}

/** Where the string that begins here ends: at its closing quote, or with the text. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === "\\") before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}

interface Target {
  readonly builder: DocumentBuilder;
  readonly writer: RowWriter;
}

function addValue(target: Target, path: string, value: Value): void {
  if (isTable(value)) {
    addTable(createRowWriter(target.builder, path === "" ? [] : [path]), value);
    target.builder.section([]);
  } else if (isScalar(value) || isListOfScalars(value)) {
    target.writer.add([[path === "" ? "value" : path, textOf(value)]]);
  } else {
    for (const [next, inner] of partsOf(path, value)) addValue(target, next, inner);
  }
}

function addTable(writer: RowWriter, rows: readonly Value[]): void {
  for (const row of rows) writer.add([...cellsOf("", row)]);
}

/** All values inside, each with the path to it. */
function* cellsOf(path: string, value: Value): Generator<Row[number]> {
  if (isScalar(value) || isListOfScalars(value)) yield [path, textOf(value)];
  else for (const [next, inner] of partsOf(path, value)) yield* cellsOf(next, inner);
}

function partsOf(path: string, value: Exclude<Value, string | boolean | null>): readonly (readonly [string, Value])[] {
  if (isList(value)) return value.map((inner, at) => [`${path}[${at}]`, inner]);
  return Object.entries(value).map(([name, inner]) => [path === "" ? name : `${path}.${name}`, inner]);
}

const isScalar = (value: Value): value is string | boolean | null => value === null || typeof value !== "object";
const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
const isListOfScalars = (value: Value): value is readonly Value[] => isList(value) && value.every(isScalar);
const isTable = (value: Value): value is readonly Value[] =>
  isList(value) && value.length > 0 && value.every((row) => !isScalar(row) && !isList(row));

function textOf(value: Value): string {
  if (value === null) return "";
  if (isList(value))
    return value
      .map(textOf)
      .filter((text) => text !== "")
      .join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
