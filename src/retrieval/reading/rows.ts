import { PASSAGE_SIZE } from "../chunk.ts";
import type { DocumentBuilder } from "./document-builder.ts";

/** What one row says: the name of each column with its value. */
export type Row = readonly (readonly [name: string, value: string])[];

/** UTF-16 units of the first value that name a long row. */
const LONGEST_KEY = 80;

export interface RowWriter {
  add(row: Row): void;
}

/**
 * Writes rows so that no value is ever apart from the name of its column: a row is one block, "name: value; name: value",
 * and rows share a section as long as they fit one passage together. Of a row that is longer than a passage, long values
 * become sections of their own, under the first value of the row and the name of the column.
 * @param headings under which the rows stand.
 */
export function createRowWriter(builder: DocumentBuilder, headings: readonly string[]): RowWriter {
  let room = 0;
  const write = (line: string) => {
    // Not named by numbers of rows: one more row at the top would then change all passages.
    if (line.length + 2 > room) {
      builder.section([...headings]);
      room = PASSAGE_SIZE;
    }
    builder.block(line);
    room -= line.length + 2;
  };
  return {
    add(row) {
      const cells = row
        .map(([name, value]) => [oneLine(name), oneLine(value)] as const)
        .filter(([, value]) => value !== "");
      const line = lineOf(cells);
      if (line.length <= PASSAGE_SIZE) {
        if (line !== "") write(line);
        return;
      }
      room = 0;
      writeLong(builder, headings, cells);
    },
  };
}

function writeLong(builder: DocumentBuilder, headings: readonly string[], cells: Row): void {
  const first = cells[0];
  const key = cells.length > 1 && first ? [lineOf([first]).slice(0, LONGEST_KEY)] : [];
  let together: (readonly [string, string])[] = [];
  const flush = () => {
    if (together.length === 0) return;
    builder.section([...headings, ...key]);
    builder.block(lineOf(together));
    together = [];
  };
  for (const cell of cells) {
    if (lineOf([...together, cell]).length > PASSAGE_SIZE) flush();
    if (lineOf([cell]).length <= PASSAGE_SIZE) {
      together.push(cell);
      continue;
    }
    builder.section([...headings, ...key, cell[0]]);
    builder.block(lineOf([cell]));
  }
  flush();
}

const lineOf = (cells: Row) => cells.map(([name, value]) => `${name}: ${value}`).join("; ");
const oneLine = (value: string) => value.replace(/\s+/g, " ").trim();
