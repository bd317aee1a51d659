import type { ChromaClient, ChromaClientArgs } from "chromadb";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { within } from "../core/deadline.ts";
import { type ErrorClass, LayerError } from "../core/errors.ts";

export type ChromaModule = Pick<typeof import("chromadb"), "ChromaClient">;
export type { ChromaClient };

export interface ChromaAccessOptions {
  /** Where the server is: http or https, without a path. A user and password in it are sent as basic authentication. */
  readonly url: string;
  readonly token: string | undefined;
  /** Longest exchange in ms: the package itself has no limit and waits for ever. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly load: () => Promise<ChromaModule>;
}

/** Talks to one server, with limits and with our errors. */
export interface ChromaAccess {
  /**
   * Runs one short exchange. Its sockets are closed when it ends early.
   * @throws {LayerError} `timeout`, `aborted`, `missing`, or what the server's answer stands for.
   */
  call<T>(context: CallContext, work: (client: ChromaClient) => Promise<T>): Promise<T>;
  /** Ends what is running; later calls are refused. */
  close(): void;
}

/** @throws {LayerError} `invalid_request` for an address that the package cannot reach. */
export function createChromaAccess(options: ChromaAccessOptions): ChromaAccess {
  const { clock, timeoutMs, load } = options;
  const server = serverOf(options.url, options.token);
  const running = new Set<AbortController>();
  let closed = false;

  return {
    async call(context, work) {
      if (closed) throw closedError();
      const own = new AbortController();
      running.add(own);
      try {
        return await within({ clock, signal: context.signal, ms: timeoutMs }, async (signal) => {
          if (signal.aborted) own.abort(signal.reason);
          signal.addEventListener("abort", () => own.abort(signal.reason), { once: true });
          const { ChromaClient } = await loadPackage(load);
          // A client for each call: the package takes a signal only there, and making one costs microseconds.
          const client = new ChromaClient({ ...server, fetchOptions: { signal: own.signal, redirect: "manual" } });
          return work(client).catch((error: unknown) => {
            throw closed ? closedError(error) : classified(error);
          });
        });
      } finally {
        running.delete(own);
      }
    },
    close() {
      closed = true;
      for (const controller of running) controller.abort();
    },
  };
}

/** Whether the server says that the collection is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof LayerError && isMissing(error.cause);
}

/** The same of what the package itself throws. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && error.name === "ChromaNotFoundError";
}

function serverOf(text: string, token: string | undefined): ChromaClientArgs {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const user = url && decoded(`${url.username}:${url.password}`);
  if (!url || !/^https?:$/.test(url.protocol) || `${url.pathname}${url.search}${url.hash}` !== "/" || !user) {
    // Without the text: it may hold a password.
    throw new LayerError("invalid_request", "the URL of Chroma must be http or https and end behind the port");
  }
  const ssl = url.protocol === "https:";
  return {
    ssl,
    host: url.hostname,
    port: url.port === "" ? (ssl ? 443 : 80) : Number(url.port),
    // Given, so that the package neither reads the environment nor asks the server for them.
    tenant: "default_tenant",
    database: "default_database",
    headers: {
      ...(token !== undefined && { "x-chroma-token": token }),
      ...(user !== ":" && { authorization: `Basic ${Buffer.from(user).toString("base64")}` }),
    },
  };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    // A lone % stands for nothing.
    return undefined;
  }
}

async function loadPackage(load: () => Promise<ChromaModule>): Promise<ChromaModule> {
  try {
    return await load();
  } catch (cause) {
    throw new LayerError("missing", 'the package "chromadb" is not installed: npm install chromadb@3.5.0', { cause });
  }
}

/**
 * The package's errors. A refused request counts as a bad answer: everything is checked before it is sent, so it says that
 * this server is another than we know, and the next port can serve.
 */
const classes: Readonly<Record<string, ErrorClass>> = {
  ChromaConnectionError: "network",
  ChromaServerError: "server",
  ChromaUniqueError: "server",
  ChromaAuthError: "auth",
  ChromaForbiddenError: "auth",
  ChromaRateLimitError: "rate_limited",
  ChromaQuotaExceededError: "quota",
};

const LONGEST_MESSAGE = 300;

function classified(error: unknown): LayerError {
  if (error instanceof LayerError) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  // What the package throws besides its own errors comes from reading an answer that it did not expect.
  const errorClass = classes[name] ?? (isCutOff(error) ? "network" : "bad_response");
  return new LayerError(errorClass, `Chroma: ${wordsOf(message)}`, { cause: error });
}

/** What the package says in an error, cut, and without the address of the server. */
export function wordsOf(message: string): string {
  return message.replace(/https?:\/\/\S+/g, "the server").slice(0, LONGEST_MESSAGE);
}

/** The connection ended in the middle of an answer. */
function isCutOff(error: unknown): boolean {
  if (!(error instanceof Error) || !(error.cause instanceof Error)) return false;
  return "code" in error.cause && String(error.cause.code).startsWith("UND_ERR_");
}

function closedError(cause?: unknown): LayerError {
  return new LayerError("aborted", "Chroma: the port is closed", { cause });
}
