import type { VariableName } from "../config/env.ts";
import { llmVariables } from "../config/llm-variables.ts";
import { variables } from "../config/variables.ts";
import type { Settings } from "./settings.ts";

/** Of those about models. */
const readAtStart: ReadonlySet<string> = new Set<VariableName>(["LLM_FALLBACK", "COOLDOWN_SECONDS", "MAX_ATTEMPTS"]);

/** Variables that a running server follows. Those of single models, as PRIMARY_LLM_MODEL, have no fixed names, and it follows all of them. */
const live: ReadonlySet<string> = new Set<VariableName>([
  "API_KEYS",
  "API_KEYS_FILE",
  // Of the command line: no server uses it.
  "UNDERSTUDY_API_KEY",
  ...(Object.keys(llmVariables) as VariableName[]).filter((name) => !readAtStart.has(name)),
]);

/** The settings of a running server with what it can follow of those just read: models, tiers, callers, and the keys of both kinds. */
export function withLive(running: Settings, read: Settings): Settings {
  const { models, tiers, callers, prefers } = read.config.llm;
  const { apiKeys, apiKeysFile, modelKeys } = read.secrets;
  const llm = Object.freeze({ ...running.config.llm, models, tiers, callers, prefers });
  return {
    ...running,
    config: Object.freeze({ ...running.config, llm }),
    secrets: { ...running.secrets, apiKeys, apiKeysFile, modelKeys },
  };
}

/** Names of the variables that differ from those a server was started with, and that it reads only then. */
export function needRestart(started: Settings, read: Settings): readonly string[] {
  const names = Object.keys(variables) as readonly VariableName[];
  return names.filter((name) => !live.has(name) && started.values[name] !== read.values[name]);
}
