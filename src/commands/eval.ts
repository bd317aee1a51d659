import { fileURLToPath } from "node:url";
import { evaluate, type Report } from "../evaluation/evaluate.ts";
import { type EvaluationSet, readSets } from "../evaluation/sets.ts";
import { renderReports } from "../evaluation/table.ts";
import { type Command, UsageError } from "./command.ts";
import { keyless } from "./keyless-evaluation.ts";
import { parseOptions } from "./options.ts";

const OWN_SETS = fileURLToPath(new URL("../../resources/evaluation/", import.meta.url));

export const evalCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, { data: { type: "string" }, json: { type: "boolean" } });
    if (positionals.length > 0) throw new UsageError(`${positionals.join(" ")}: a folder is given with --data`);
    const reports: Report[] = [];
    for (const set of setsOf(values.data ?? OWN_SETS)) {
      terminal.err(`${set.name} (${set.kind})\n`);
      reports.push(...(await evaluate(set, keyless)));
    }
    terminal.out(values.json ? JSON.stringify(reports, null, 2) : renderReports(reports));
    return 0;
  },
};

/** @throws {UsageError} as `readSets`. */
function setsOf(directory: string): readonly EvaluationSet[] {
  try {
    return readSets(directory);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
