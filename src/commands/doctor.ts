import { accessSync, constants, statSync } from "node:fs";
import { createApp } from "../app.ts";
import { systemClock } from "../fallbacks/core/clock.ts";
import { createContext } from "../fallbacks/core/context.ts";
import { layerNames } from "../fallbacks/core/status.ts";
import { createLog } from "../log.ts";
import type { Command } from "./command.ts";
import { parseOptions } from "./options.ts";
import { readSettings, runningServer, type Settings } from "./settings.ts";

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

/** Runs one turn on a server that keeps nothing, and reads each layer's own status after it. */
async function checkLayers({ config, secrets }: Settings): Promise<readonly Finding[]> {
  const app = await createApp({ ...config, store: { provider: "memory" } }, secrets, { log: createLog("silent") });
  try {
    await app.chat.run({
      requestId: "doctor",
      owner: { keyId: "doctor", user: "doctor" },
      message: "What can you do?",
      signal: createContext({ clock: systemClock, requestId: "doctor", deadlineMs: 0 }).signal,
    });
    return layerNames.map((name) => {
      const { state, ports, impact, lastError } = app.layers[name].status();
      const wrong = state === "ok" ? null : `${state}: ${lastError?.text ?? impact}`;
      return { what: name, wrong, detail: ports.join(", then ") };
    });
  } finally {
    await app.close();
  }
}
