import { type Cell, runMatrix } from "../rehearsal/matrix.ts";
import { startRehearsal } from "../rehearsal/server.ts";
import { type Command, type Terminal, UsageError } from "./command.ts";
import { runDrillKill } from "./drill-kill.ts";
import { onlyWord, parseOptions } from "./options.ts";

const DEADLINE_MS = 5_000;

export const drillCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, {
      json: { type: "boolean" },
      cycles: { type: "string" },
      seed: { type: "string" },
      store: { type: "string" },
    });
    const which = onlyWord(positionals, "the name of a drill: matrix or kill");
    if (which === "kill") return runDrillKill(values, terminal);
    if (which !== "matrix") throw new UsageError(`there is no drill "${which}"; there are: matrix, kill`);
    const stray = (["cycles", "seed", "store"] as const).find((name) => values[name] !== undefined);
    if (stray !== undefined) throw new UsageError(`--${stray} is an option of the drill "kill"`);
    return runDrillMatrix(values.json ?? false, terminal);
  },
};

async function runDrillMatrix(json: boolean, terminal: Terminal): Promise<number> {
  const cells = await runMatrix({
    start: startRehearsal,
    now: () => performance.now(),
    deadlineMs: DEADLINE_MS,
    onCell: (cell, done, total) => show(cell, done, total, terminal),
  });
  if (terminal.interactive) terminal.err("\n");
  terminal.out(json ? JSON.stringify(cells, null, 2) : summary(cells));
  return cells.every((cell) => cell.problems.length === 0) ? 0 : 1;
}

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
