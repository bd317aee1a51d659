import { asLayerError, LayerError } from "../fallbacks/core/errors.ts";
import type { FromWorker, Source } from "./protocol.ts";

type Report = (message: Extract<FromWorker, { type: "download" | "bytes" }>) => void;

/**
 * The `fetch` that transformers.js loads files with. Reports each byte, for the limit on silence, which the server keeps;
 * gives failures their class here, where it is known; and lets nothing in that is plainly no file of a model. From a source
 * without a network everything is "not found".
 * @throws {LayerError} `network`, `timeout`, `auth`, `rate_limited`, `server` or `bad_response`; a 404 is an answer.
 */
export function createModelFetch(
  source: Source,
  report: Report,
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  let downloads = 0;
  return async (url, init) => {
    if (source.kind === "cache" || source.kind === "local directory") return new Response(null, { status: 404 });
    downloads += 1;
    const id = downloads;
    const headers = new Headers(init?.headers);
    if (source.authorization !== undefined) headers.set("authorization", source.authorization);
    report({ type: "download", id, state: "started" });
    const ended = () => report({ type: "download", id, state: "ended" });
    try {
      const response = await request(source.kind, url, { ...init, headers });
      if (response.status === 404 || !response.body) {
        ended();
        return response;
      }
      const body = counted(response.body, source.kind, (count) => report({ type: "bytes", id, count }), ended);
      return new Response(body, { status: response.status, headers: response.headers });
    } catch (error) {
      ended();
      throw error;
    }
  };
}

async function request(where: string, url: string | URL, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    throw broken(where, error);
  }
  const { status } = response;
  const found = status === 200 || status === 206;
  if (found && !response.headers.get("content-type")?.startsWith("text/html")) return response;
  await response.body?.cancel();
  if (status === 404) return new Response(null, { status });
  if (found) throw new LayerError("bad_response", `the ${where} answered with a web page instead of a file`);
  if (status === 401 || status === 403) {
    throw new LayerError("auth", `the ${where} refused access (${status}): the model does not exist or needs a token`);
  }
  throw new LayerError(status === 429 ? "rate_limited" : "server", `the ${where} answered with status ${status}`);
}

function counted(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  where: string,
  onBytes: (count: number) => void,
  onEnd: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          onEnd();
          controller.close();
          return;
        }
        onBytes(value.byteLength);
        controller.enqueue(value);
      } catch (error) {
        onEnd();
        controller.error(broken(where, error));
      }
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  });
}

/** `fetch` hides the reason in the cause; its text may hold the address, so it is not repeated. */
function broken(where: string, error: unknown): LayerError {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : undefined;
  if (code?.includes("TIMEOUT"))
    return new LayerError("timeout", `no connection to the ${where} in time (${code})`, { cause: error });
  const known = asLayerError(cause);
  const reason = code ?? (known.errorClass === "network" ? known.message : "it broke off");
  return new LayerError("network", `the connection to the ${where} failed: ${reason}`, { cause: error });
}
