import { createClient } from "../rehearsal/client.ts";
import type { SeenConflict } from "../rehearsal/client-wire.ts";
import { type Command, UsageError } from "./command.ts";
import { parseOptions } from "./options.ts";
import { withServer } from "./with-server.ts";

/** Columns of the longest kind. */
const WIDTH = 10;

export const conflictsCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, {
      url: { type: "string" },
      json: { type: "boolean", default: false },
    });
    if (positionals.length > 0) throw new UsageError(`${positionals.join(" ")}: a server is given with --url`);
    const conflicts = await withServer(values.url, (url, key) => createClient(url, key).conflicts());
    terminal.out(values.json ? JSON.stringify(conflicts, null, 2) : render(conflicts));
    return conflicts.length === 0 ? 0 : 1;
  },
};

function render(conflicts: readonly SeenConflict[]): string {
  const rows = conflicts.flatMap(({ one, other, differences }) =>
    differences.flatMap((each) => [
      `${each.kind.padEnd(WIDTH)}${placeOf(one)}: ${each.one.quote}`,
      `${" ".repeat(WIDTH)}${placeOf(other)}: ${each.other.quote}`,
    ]),
  );
  return [...rows, `pairs of passages that contradict each other: ${conflicts.length}`].join("\n");
}

function placeOf({ name, heading }: SeenConflict["one"]): string {
  return [name, heading].filter((part) => part !== "").join(" › ");
}
