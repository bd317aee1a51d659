import { UsageError } from "./command.ts";
import { onlyWord, parseOptions } from "./options.ts";
import { readSettings, runningServer } from "./settings.ts";

/** What `export` and `erase` take. */
export const dataOptions = {
  url: { type: "string" },
  key: { type: "string" },
  "all-keys": { type: "boolean" },
} as const;

/** The routes of one user's data on a running server. */
export interface DataServer {
  /** @param path below the data of the user. @throws {Error} with what the server said, when it is no success. */
  ask(method: "GET" | "DELETE", path?: string): Promise<Response>;
}

/**
 * The server that `--url` names, or else the one that runs on the data directory or the configured port; with `--key`, or else
 * UNDERSTUDY_API_KEY. @throws {UsageError} for words that are off.
 */
export function dataServer(args: readonly string[]): DataServer {
  const { values, positionals } = parseOptions(args, dataOptions);
  const user = onlyWord(positionals, "one user");
  const { config, secrets } = readSettings();
  const url = values.url ?? runningServer(config) ?? `http://${config.host}:${config.port}`;
  if (!URL.canParse(url)) throw new UsageError(`"${url}" is not a URL`);
  const key = values.key ?? secrets.clientKey;
  return {
    async ask(method, path = "") {
      const address = new URL(`/api/v1/users/${encodeURIComponent(user)}/data${path}`, url);
      if (values["all-keys"]) address.searchParams.set("all_keys", "true");
      const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
      const response = await fetch(address, { method, headers }).catch((error: unknown) => {
        throw new Error(`${url} does not answer: ${reasonOf(error)}`, { cause: error });
      });
      if (!response.ok) throw new Error(problemText(await response.text(), response.status));
      return response;
    },
  };
}

/** fetch says "fetch failed", and its cause why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function problemText(text: string, status: number): string {
  try {
    const { detail, code } = JSON.parse(text) as { detail?: string; code?: string };
    return `${detail ?? status} (${code ?? status})`;
  } catch {
    return `the server answered ${status} with something that is not JSON`;
  }
}
