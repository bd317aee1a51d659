import type { Report } from "./evaluate.ts";
import type { Measure } from "./metrics.ts";

/** The reports as a table for people: a block for each set, a row for each contestant, figures with n and 95 % interval. */
export function renderReports(reports: readonly Report[]): string {
  return reports.map(renderReport).join("\n\n");
}

function renderReport({ set, kind, part, rows }: Report): string {
  const title = `${set}${part === "all" ? "" : `, ${part}`} (${kind})`;
  const lines = Object.entries(rows).flatMap(([who, figures]) =>
    Object.entries(figures).map(([what, measure]) => `  ${who.padEnd(14)}${what.padEnd(30)}${renderMeasure(measure)}`),
  );
  return [title, ...lines].join("\n");
}

function renderMeasure({ value, low, high, n }: Measure): string {
  return n === 0 ? "no cases" : `${value.toFixed(3)}  (${low.toFixed(3)} to ${high.toFixed(3)}, n ${n})`;
}
