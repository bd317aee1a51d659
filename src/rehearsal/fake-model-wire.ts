import type { ServerResponse } from "node:http";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { ModelScript } from "./fake-model-script.ts";

interface Wire {
  readonly response: ServerResponse;
  readonly script: ModelScript;
  readonly clock: Clock;
}

/** @param body an object, or JSON that is sent as it is. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** Sends a part of a stream in the way of the script. Settles when the reader has taken it, or has gone. */
export async function write({ response, script }: Wire, text: string): Promise<void> {
  if (script.wire === "escapes") return send(response, Buffer.from(escaped(text)));
  if (script.wire !== "bytes") return send(response, Buffer.from(text));
  const bytes = Buffer.from(text.replaceAll("\n", "\r\n"));
  for (const byte of bytes) await send(response, Buffer.from([byte]));
}

/** JSON in ASCII alone, as some endpoints write it. */
function escaped(json: string): string {
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function send(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    response.once("close", resolve);
    response.write(bytes, () => {
      response.off("close", resolve);
      resolve();
    });
  });
}

/** Whether somebody still waits afterwards. */
export function pause({ response, clock }: Wire, ms: number): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const gone = () => {
      cancel();
      resolve(false);
    };
    const cancel = clock.after(ms, () => {
      response.off("close", gone);
      resolve(true);
    });
    response.once("close", gone);
  });
}

/** Resets the connection. */
export function breakOff(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}
