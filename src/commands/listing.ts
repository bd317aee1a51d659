import { type Client, createClient, type ListOrder } from "../rehearsal/client.ts";
import { readSettings, runningServer } from "./settings.ts";

/** What commands take that show a list of a running server. */
export const listingOptions = {
  limit: { type: "string" },
  after: { type: "string" },
  url: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** The server that `--url` names, or else the one that runs on the data directory or the configured port. */
export function listingClient(url: string | undefined): Client {
  const { config, secrets } = readSettings();
  return createClient(url ?? runningServer(config) ?? `http://${config.host}:${config.port}`, secrets.clientKey);
}

/** Only what was said, as an absent field and an undefined one are different things. */
export function orderOf({ limit, after }: { limit?: string | undefined; after?: string | undefined }): ListOrder {
  return { ...(limit !== undefined && { limit }), ...(after !== undefined && { after }) };
}

/** Somebody else's words on one line, without what a terminal would take for orders. */
export function plainLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** How to see what follows; nothing at the end. */
export function nextLine(next: string | null): readonly string[] {
  return next === null ? [] : [`more: --after ${next}`];
}
