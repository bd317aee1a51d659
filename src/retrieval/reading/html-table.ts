import { readingLimits } from "./limits.ts";
import type { Attributes } from "./markup.ts";

/** One table while it goes by. */
export interface Table {
  readonly inCell: boolean;
  open(tag: string, attributes: Attributes): void;
  /** A block of text in the cell that is open. */
  text(text: string): void;
  close(tag: string): void;
  /** The rows so far, one text each: "name: value; name: value" where the table names its columns, else "| value | value |". */
  end(): readonly string[];
}

interface Cell {
  readonly isName: boolean;
  readonly columns: number;
  readonly rows: number;
  text: string;
}

export function createTable(): Table {
  const rows: { readonly cells: Cell[]; readonly isHead: boolean }[] = [];
  let cell: Cell | undefined;
  let inHead = false;
  return {
    get inCell() {
      return cell !== undefined;
    },
    open(tag, attributes) {
      if (tag === "thead") inHead = true;
      else if (tag === "tr") rows.push({ cells: [], isHead: inHead });
      else if (tag === "td" || tag === "th") {
        const { colspan, rowspan } = attributes;
        cell = { isName: tag === "th", columns: span(colspan), rows: span(rowspan), text: "" };
        rows.at(-1)?.cells.push(cell);
      }
    },
    text(text) {
      if (cell) cell.text += `${cell.text === "" ? "" : " "}${text.replace(/\s+/g, " ")}`;
    },
    close(tag) {
      if (tag === "td" || tag === "th" || tag === "tr") cell = undefined;
      else if (tag === "thead") inHead = false;
    },
    end() {
      const first = rows.findIndex(({ cells }) => cells.length > 0);
      const head = rows[first];
      const isHead = head && rows.length > first + 1 && (head.isHead || head.cells.every(({ isName }) => isName));
      const grid = gridOf(rows.map(({ cells }) => cells));
      const names = isHead ? grid[first] : undefined;
      return (names ? grid.slice(first + 1) : grid)
        .map((values) => lineOf(values, names))
        .filter((line) => line !== "");
    },
  };
}

/** Columns or rows that a cell takes, 1 to the most that are read. */
const span = (value: string | undefined) =>
  Math.min(readingLimits.columns, Math.max(1, Number.parseInt(value ?? "1", 10) || 1));

/** The value of each column in each row: a cell that goes over several rows says the same in all of them. */
function gridOf(rows: readonly (readonly Cell[])[]): readonly (readonly string[])[] {
  const carried = new Map<number, { readonly text: string; left: number }>();
  return rows.map((cells) => {
    const values: string[] = [];
    const takeCarried = () => {
      for (let from = carried.get(values.length); from; from = carried.get(values.length)) {
        from.left -= 1;
        if (from.left === 0) carried.delete(values.length);
        values.push(from.text);
      }
    };
    for (const { text, columns, rows } of cells) {
      takeCarried();
      if (values.length >= readingLimits.columns) break;
      if (rows > 1) carried.set(values.length, { text, left: rows - 1 });
      values.push(text, ...Array.from({ length: columns - 1 }, () => ""));
    }
    takeCarried();
    return values;
  });
}

function lineOf(values: readonly string[], names: readonly string[] | undefined): string {
  const said = values.filter((value) => value !== "");
  if (said.length === 0) return "";
  if (!names) return said.length === 1 ? said.join("") : `| ${values.join(" | ")} |`;
  return values
    .map((value, at) => (value === "" || !names[at] ? value : `${names[at]}: ${value}`))
    .filter((value) => value !== "")
    .join("; ");
}
