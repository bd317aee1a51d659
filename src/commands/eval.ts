import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createApp } from "../app.ts";
import { deriveConfig } from "../config/config.ts";
import { readValues } from "../config/env.ts";
import { noSecrets } from "../config/secrets.ts";
import { type EvaluateOptions, evaluate, type Report } from "../evaluation/evaluate.ts";
import { type EvaluationSet, readSets } from "../evaluation/sets.ts";
import { renderReports } from "../evaluation/table.ts";
import { systemClock } from "../fallbacks/core/clock.ts";
import { createContext } from "../fallbacks/core/context.ts";
import { createLog } from "../log.ts";
import type { NewDocument } from "../retrieval/knowledge.ts";
import { type Command, UsageError } from "./command.ts";
import { parseOptions } from "./options.ts";

const OWN_SETS = fileURLToPath(new URL("../../resources/evaluation/", import.meta.url));
const CALL_MS = 60_000;

export const evalCommand: Command = {
  usage: "[--data DIR] [--json]",
  about: "measure search, answers and refusals on labelled data",
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

/** A server of its own for each set: keyless, in memory, without a socket. */
const keyless: EvaluateOptions = {
  async open(documents) {
    const sample = documents === "sample" ? "on" : "off";
    const values = readValues({ DATA_DIR: ":memory:", LOG_LEVEL: "silent", SAMPLE_KNOWLEDGE: sample });
    const app = await createApp(deriveConfig(values), noSecrets, { log: createLog("silent") });
    for (const document of documents === "sample" ? [] : documents)
      await app.knowledge.add(document, keyless.context());
    return { knowledge: app.knowledge, close: async () => void (await app.close()) };
  },
  read: (directory) =>
    readdirSync(directory)
      .sort()
      .map((name): NewDocument => ({ name: basename(name), content: readFileSync(join(directory, name)) })),
  context: () => createContext({ clock: systemClock, requestId: "eval", deadlineMs: CALL_MS }),
};
