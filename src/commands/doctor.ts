import { accessSync, constants, statSync } from "node:fs";
import { createApp } from "../app.ts";
import { systemClock } from "../fallbacks/core/clock.ts";
import { layerNames } from "../fallbacks/core/status.ts";
import { createLog } from "../log.ts";
import type { Command } from "./command.ts";
import { parseOptions } from "./options.ts";
import { readSettings, runningServer, type Settings } from "./settings.ts";

const LOOK_AGAIN_MS = 200;
/** A model that takes longer is reported as it is then. */
const LONGEST_LOAD_MS = 120_000;

interface Finding {
  readonly what: string;
  /** Null when it is fine. */
  readonly wrong: string | null;
  readonly detail: string;
}

export const doctorCommand: Command = {
  usage: "",
  about: "check the configuration and what it needs",
  async run(args, terminal) {
    parseOptions(args, {});
    const settings = readSettings();
    const findings = [
      { what: "configuration", wrong: null, detail: `deadline ${settings.config.limits.deadlineMs} ms` },
      checkData(settings),
      ...(await checkLayers(settings)),
    ];
    for (const { what, wrong, detail } of findings) {
      terminal.out(`${wrong === null ? "ok   " : "wrong"}  ${what.padEnd(14)} ${wrong ?? detail}`);
    }
    return findings.every(({ wrong }) => wrong === null) ? 0 : 1;
  },
};

function checkData({ config }: Settings): Finding {
  const what = "data";
  if (config.store.provider === "memory") return { what, wrong: null, detail: "kept in memory only" };
  const { directory } = config.store;
  const running = runningServer(config);
  if (running) return { what, wrong: null, detail: `${directory}, in use by ${running}` };
  try {
    const stat = statSync(directory, { throwIfNoEntry: false });
    if (!stat) return { what, wrong: null, detail: `${directory}, made at the first start` };
    if (!stat.isDirectory()) return { what, wrong: `DATA_DIR: ${directory} is not a directory`, detail: "" };
    accessSync(directory, constants.R_OK | constants.W_OK);
    return { what, wrong: null, detail: directory };
  } catch (error) {
    return {
      what,
      wrong: `DATA_DIR: ${directory}: ${error instanceof Error ? error.message : String(error)}`,
      detail: "",
    };
  }
}

/**
 * Asks each first port whether it is there, at no cost in tokens, on a server that keeps nothing of its own. A model that
 * has to be fetched first is waited for.
 */
async function checkLayers({ config, secrets }: Settings): Promise<readonly Finding[]> {
  const local = { store: { provider: "memory" }, sampleKnowledge: false } as const;
  const app = await createApp({ ...config, ...local }, secrets, { log: createLog("silent") });
  try {
    return await Promise.all(
      layerNames.map(async (name) => {
        const layer = app.layers[name];
        await layer.check();
        const until = systemClock.now() + LONGEST_LOAD_MS;
        while (layer.status().state === "recovering" && systemClock.now() < until) await pause();
        const { state, ports, impact, lastError } = layer.status();
        const wrong = state === "ok" ? null : `${state}: ${lastError?.text ?? impact}`;
        return { what: name, wrong, detail: ports.join(", then ") };
      }),
    );
  } finally {
    await app.close();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    systemClock.after(LOOK_AGAIN_MS, resolve);
  });
}
