import { CsvError, parse } from "csv-parse/sync";
import type { ParsedDocument } from "../parse.ts";
import { createDocumentBuilder } from "./document-builder.ts";
import { readingLimits } from "./limits.ts";
import { createRowWriter, type RowWriter } from "./rows.ts";
import { Unreadable } from "./unreadable.ts";

const { rows: LARGEST_ROWS, columns: LARGEST_COLUMNS, rowLength: LONGEST_ROW } = readingLimits;
const delimiters = [",", ";", "\t", "|"] as const;

/**
 * Reads a table whose first row names its columns.
 * @param delimiter default: of comma, semicolon, tab and bar the one that the first row has most of.
 * @throws {Unreadable}
 */
export function parseCsv(text: string, otherwise: string, delimiter = delimiterOf(text)): ParsedDocument {
  const builder = createDocumentBuilder();
  const writer = createRowWriter(builder, []);
  let names: readonly string[] | undefined;
  let rows = 0;
  const onRecord = (record: readonly string[]) => {
    if (record.length > LARGEST_COLUMNS) {
      throw new Unreadable(`has a row of ${record.length} columns; allowed are ${LARGEST_COLUMNS}`);
    }
    if (!names) {
      names = record;
      return null;
    }
    rows += 1;
    if (rows > LARGEST_ROWS) throw new Unreadable(`has more than ${LARGEST_ROWS} rows`);
    addRow(writer, names, record);
    return null;
  };
  try {
    parse(text, {
      delimiter,
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: LONGEST_ROW,
      on_record: onRecord,
    });
  } catch (error) {
    throw reasonOf(error);
  }
  if (names && rows === 0) throw new Unreadable("has no row below the names of its columns");
  return builder.finish(undefined, otherwise);
}

function addRow(writer: RowWriter, names: readonly string[], record: readonly string[]): void {
  writer.add(record.map((value, at) => [names[at]?.trim() || `column ${at + 1}`, value] as const));
}

/** What stands in quotes does not count. */
function delimiterOf(text: string): string {
  const first = (/^\s*((?:"(?:[^"]|"")*"|[^"\r\n])*)/.exec(text.slice(0, LONGEST_ROW))?.[1] ?? "").replace(
    /"[^"]*"/g,
    "",
  );
  const counts = delimiters.map((delimiter) => [first.split(delimiter).length, delimiter] as const);
  return counts.reduce((best, next) => (next[0] > best[0] ? next : best))[1];
}

function reasonOf(error: unknown): unknown {
  if (!(error instanceof CsvError)) return error;
  const line = typeof error["lines"] === "number" ? ` (line ${error["lines"]})` : "";
  const reasons: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: "has a quote that is not closed",
    CSV_MAX_RECORD_SIZE: `has a row longer than ${LONGEST_ROW} characters`,
  };
  return new Unreadable(`${reasons[error.code] ?? "is no table of rows and columns"}${line}`, { cause: error });
}
