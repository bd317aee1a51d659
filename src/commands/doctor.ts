import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { createApp } from "../app.ts";
import { systemClock } from "../fallbacks/core/clock.ts";
import { layerNames } from "../fallbacks/core/status.ts";
import { check, SCHEMA_VERSION, STORE_FILE } from "../fallbacks/store/backup.ts";
import { createLog } from "../log.ts";
import { lintChain } from "./chain-lint.ts";
import { type Command, UsageError } from "./command.ts";
import { explainChain } from "./doctor-explain.ts";
import { parseOptions } from "./options.ts";
import { readSettings, runningServer, type Settings } from "./settings.ts";

const LOOK_AGAIN_MS = 200;
/** A model that takes longer is reported as it is then. */
const LONGEST_LOAD_MS = 120_000;

interface Finding {
  readonly what: string;
  /** Only what is `wrong` makes the command fail. */
  readonly verdict: "ok" | "note" | "warn" | "wrong";
  readonly text: string;
}

export const doctorCommand: Command = {
  async run(args, terminal) {
    const [word, ...rest] = args;
    if (word === "explain") {
      const text = { type: "string" } as const;
      const { values, positionals } = parseOptions(rest, { step: text, tier: text, tokens: text, url: text });
      if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is too much`);
      return explainChain(values, terminal);
    }
    const { positionals } = parseOptions(args, {});
    if (positionals.length > 0) throw new UsageError(`there is no "${positionals[0]}"; there is: explain`);
    const settings = readSettings();
    const findings: readonly Finding[] = [
      { what: "configuration", verdict: "ok", text: `deadline ${settings.config.limits.deadlineMs} ms` },
      ...checkChain(settings),
      checkData(settings),
      ...(await checkStoreFile(settings)),
      ...(await checkLayers(settings)),
    ];
    for (const { what, verdict, text } of findings) terminal.out(`${verdict.padEnd(5)}  ${what.padEnd(14)} ${text}`);
    return findings.every(({ verdict }) => verdict !== "wrong") ? 0 : 1;
  },
};

function checkChain({ config, secrets }: Settings): readonly Finding[] {
  const { deadlineMs } = config.limits;
  return lintChain(config.llm, { deadlineMs, keyOf: (model) => secrets.modelKeys[model] }).map(
    ({ severity, text }) => ({
      what: "models",
      verdict: severity === "warning" ? "warn" : "note",
      text,
    }),
  );
}

function checkData({ config }: Settings): Finding {
  const what = "data";
  if (config.store.provider === "memory") return { what, verdict: "ok", text: "kept in memory only" };
  const { directory } = config.store;
  const running = runningServer(config);
  if (running) return { what, verdict: "ok", text: `${directory}, in use by ${running}` };
  try {
    const stat = statSync(directory, { throwIfNoEntry: false });
    if (!stat) return { what, verdict: "ok", text: `${directory}, made at the first start` };
    if (!stat.isDirectory()) return { what, verdict: "wrong", text: `DATA_DIR: ${directory} is not a directory` };
    accessSync(directory, constants.R_OK | constants.W_OK);
    return { what, verdict: "ok", text: directory };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { what, verdict: "wrong", text: `DATA_DIR: ${directory}: ${why}` };
  }
}

/** Reads the whole file, which is safe also while a server uses it. */
async function checkStoreFile({ config }: Settings): Promise<readonly Finding[]> {
  const what = "store file";
  if (config.store.provider === "memory") return [];
  const file = join(config.store.directory, STORE_FILE);
  if (!existsSync(file)) return [];
  try {
    const { schemaVersion, problems, records, bytes, logBytes } = await check(file);
    const count = Object.values(records).reduce((sum, each) => sum + each, 0);
    const size = `${count} records, ${megabytes(bytes)}, log ${megabytes(logBytes)}, schema ${schemaVersion}`;
    if (schemaVersion > SCHEMA_VERSION) {
      const text = `${file} has schema version ${schemaVersion} and this program knows ${SCHEMA_VERSION}: start the newer one`;
      return [{ what, verdict: "wrong", text }];
    }
    if (problems.length === 0) return [{ what, verdict: "ok", text: size }];
    return problems.map((text) => ({ what, verdict: "wrong", text: `${file}: ${text}; restore a backup` }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{ what, verdict: "wrong", text: why }];
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
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
        return state === "ok"
          ? { what: name, verdict: "ok", text: ports.map((port) => portName(name, port, config)).join(", then ") }
          : { what: name, verdict: "wrong", text: `${state}: ${lastError?.text ?? impact}` };
      }),
    );
  } finally {
    await app.close();
  }
}

/** The server that is looked through keeps nothing of its own; the one that is meant does. */
function portName(layer: string, port: string, { store }: Settings["config"]): string {
  return layer === "store" && port === "memory" ? store.provider : port;
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    systemClock.after(LOOK_AGAIN_MS, resolve);
  });
}
