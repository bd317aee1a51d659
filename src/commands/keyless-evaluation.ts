import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createApp } from "../app.ts";
import { deriveConfig } from "../config/config.ts";
import { readValues } from "../config/env.ts";
import { noSecrets } from "../config/secrets.ts";
import type { EvaluateOptions } from "../evaluation/evaluate.ts";
import { systemClock } from "../fallbacks/core/clock.ts";
import { createContext } from "../fallbacks/core/context.ts";
import { createLog } from "../log.ts";
import type { NewDocument } from "../retrieval/knowledge.ts";

const CALL_MS = 60_000;

/** A server of its own for each set: keyless, in memory, without a socket. */
export const keyless: EvaluateOptions = {
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
