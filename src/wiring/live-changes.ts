import { isDeepStrictEqual } from "node:util";
import type { ApiKey } from "../accounts/keys.ts";
import type { Config } from "../config/config.ts";
import type { ChatModel } from "../fallbacks/llm/port.ts";

/** What a running server can change. */
export interface Live {
  readonly llm: Config["llm"];
  readonly ports: readonly ChatModel[] | undefined;
  readonly keys: readonly ApiKey[];
}

/** Names of what differs: models by their names, `models` for their order and rules, `keys`. A key that was replaced changes its model. */
export function changesOf(before: Live, after: Live): readonly string[] {
  const names = new Set([...before.llm.models, ...after.llm.models].map(({ name }) => name));
  const models = [...names].filter((name) => !isSame(before, after, name));
  const rules = isDeepStrictEqual(before.llm, after.llm) ? [] : ["models"];
  const keys = isDeepStrictEqual(before.keys, after.keys) ? [] : ["keys"];
  return [...models, ...rules, ...keys];
}

/** A port is made anew when its settings or its key are others. */
function isSame(before: Live, after: Live, name: string): boolean {
  const [was, is] = [before, after].map(({ llm, ports }) => ({
    settings: llm.models.find((model) => model.name === name),
    port: ports?.find((port) => port.name === name),
  }));
  return was?.port === is?.port && isDeepStrictEqual(was?.settings, is?.settings);
}
