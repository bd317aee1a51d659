import { type Cell, runMatrix } from "../rehearsal/matrix.ts";
import { startRehearsal } from "../rehearsal/server.ts";
import { type Command, type Terminal, UsageError } from "./command.ts";
import { onlyWord, parseOptions } from "./options.ts";

const DEADLINE_MS = 5_000;

export const drillCommand: Command = {
  usage: "matrix [--json]",
  about: "run the whole chain with every set of layers refused",
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, { json: { type: "boolean" } });
    const which = onlyWord(positionals, "the name of a drill: matrix");
    if (which !== "matrix") throw new UsageError(`there is no drill "${which}"; there is: matrix`);
    const cells = await runMatrix({
      start: startRehearsal,
      now: () => performance.now(),
      deadlineMs: DEADLINE_MS,
      onCell: (cell, done, total) => show(cell, done, total, terminal),
    });
    if (terminal.interactive) terminal.err("\n");
    terminal.out(values.json ? JSON.stringify(cells, null, 2) : summary(cells));
    return cells.every((cell) => cell.problems.length === 0) ? 0 : 1;
  },
};

function show(cell: Cell, done: number, total: number, terminal: Terminal): void {
  if (terminal.interactive) terminal.err(`\r\u001b[K${done}/${total} ${cell.refused.join(" ")}`);
  for (const problem of cell.problems) {
    terminal.err(`${terminal.interactive ? "\n" : ""}refused [${cell.refused.join(" ")}]: ${problem}\n`);
  }
}

function summary(cells: readonly Cell[]): string {
  const counts = [...new Set(cells.map((cell) => cell.refused.length))].map((refused) => {
    const row = cells.filter((cell) => cell.refused.length === refused);
    const good = row.filter((cell) => cell.problems.length === 0).length;
    const slowest = Math.max(...row.map((cell) => cell.slowestMs));
    return `${String(refused).padStart(7)}  ${String(row.length).padStart(5)}  ${String(good).padStart(4)}  ${slowest.toFixed(0).padStart(12)} ms`;
  });
  const turns = cells.reduce((sum, cell) => sum + cell.replies.length, 0);
  const bad = cells.filter((cell) => cell.problems.length > 0).length;
  return [
    "refused  cells  good  slowest turn",
    ...counts,
    `${turns} turns in ${cells.length} cells; ${bad} cells with a problem`,
  ].join("\n");
}
