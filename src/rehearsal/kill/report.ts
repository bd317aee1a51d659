import type { KillFigures } from "./kill.ts";
import type { StoreKind } from "./subjects.ts";

/** The figures as a table for a person. */
export function killTable(store: StoreKind, figures: KillFigures): string {
  const { cycles, kills, disturbances, acknowledged, checked, problems, ms, seed } = figures;
  const rows: readonly (readonly [string, string])[] = [
    ["store", store],
    ["seed", String(seed)],
    ["cycles", String(cycles)],
    ["killed while starting", String(kills.starting)],
    ["killed while serving", String(kills.serving)],
    ...(disturbances > 0 ? [["Redis killed, frozen or brought back", String(disturbances)] as const] : []),
    ["messages acknowledged", String(acknowledged.kept)],
    ["answers acknowledged", String(acknowledged.answered)],
    ["documents acknowledged", String(acknowledged.documents)],
    ["deletions acknowledged", String(acknowledged.deletions)],
    ["turns read back", String(checked.turns)],
    ["users whose tickets and hand-offs were read", String(checked.users)],
    ["seconds for a cycle", (ms / 1_000 / Math.max(cycles, 1)).toFixed(2)],
    ["problems", String(problems.length)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const told = problems.map(({ cycle, kind, text }) => `seed ${seed}, cycle ${cycle}: ${kind}: ${text}`);
  return [...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`), ...told].join("\n");
}
