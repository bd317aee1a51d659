import type { ServerResponse } from "node:http";
import { faultNames } from "./fake-model-faults.ts";
import { sendJson } from "./fake-model-wire.ts";
import { type Fields, fieldsOf } from "./fake-protocol.ts";

/** What can be seen and changed of a fake model while it runs. */
export interface Controlled {
  current(): string | undefined;
  open(): number;
  readonly counts: ReadonlyMap<string, number>;
  fault(name: string | undefined): void;
}

/**
 * Serves `POST /__fault {"name": "500"}`, `DELETE /__fault`, `GET /__fault` (the current one, and all there are) and
 * `GET /__requests` (how many of each path). False: the request is not for here.
 */
export function control(
  method: string,
  path: string,
  body: Fields | null,
  response: ServerResponse,
  fake: Controlled,
): boolean {
  if (path === "/__requests" && method === "GET") {
    sendJson(response, 200, { open: fake.open(), counts: Object.fromEntries(fake.counts) });
    return true;
  }
  if (path !== "/__fault" || !["GET", "POST", "DELETE"].includes(method)) return false;
  if (method === "DELETE") fake.fault(undefined);
  if (method === "POST") {
    const name = fieldsOf(body)?.["name"];
    try {
      if (typeof name !== "string") throw new RangeError('give {"name": "..."}, the name of a fault');
      fake.fault(name);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      sendJson(response, 400, { error: error.message });
      return true;
    }
  }
  sendJson(response, 200, { fault: fake.current() ?? null, ...(method === "GET" && { faults: faultNames() }) });
  return true;
}
