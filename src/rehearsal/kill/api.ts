import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { isOver } from "../client.ts";
import type { SeenJob } from "../client-wire.ts";

/** What a request came to: the body of a 2xx, a refusal in the server's own words, or nothing that can be relied on. */
export type Answer<T> =
  | { readonly kind: "ok"; readonly body: T }
  | { readonly kind: "refused"; readonly status: number; readonly code: string; readonly detail: string }
  | { readonly kind: "lost"; readonly reason: string };

export interface TurnBody {
  readonly message: string;
  readonly turn_id: string;
  readonly user: string;
  readonly session_id?: string;
}

/** A reply as it is on the wire, as far as anybody here looks into it; the rest of it is compared as a whole. */
export interface Reply {
  readonly session_id: string;
  readonly turn_id: string;
  readonly reply: string;
  readonly degradation: readonly { readonly layer: string; readonly mode: string; readonly reason: string }[];
  readonly escalation: { readonly handoff_id: string } | null;
}

export interface SeenTurn {
  readonly turn_id: string;
  readonly seq: number;
  readonly message: string;
  readonly status: string;
  readonly fork?: boolean;
  readonly reply: Reply | null;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface SeenDocument {
  readonly document_id: string;
  readonly name: string;
  readonly title: string;
}

/** The API as a client that trusts nothing uses it. No call throws. */
export interface Api {
  chat(body: TurnBody): Promise<Answer<Reply>>;
  /** `onBegun` is told the session as soon as the server says that the message is kept. */
  stream(body: TurnBody, onBegun: (sessionId: string) => void): Promise<Answer<Reply>>;
  /** All turns of a session, in the server's order. */
  turns(user: string, sessionId: string): Promise<Answer<readonly SeenTurn[]>>;
  sessions(user: string): Promise<Answer<readonly string[]>>;
  removeSession(user: string, sessionId: string): Promise<Answer<null>>;
  /** `lost` when it is kept but not live yet: it may be so later. */
  addDocument(name: string, content: string): Promise<Answer<{ readonly documents: readonly SeenDocument[] }>>;
  removeDocument(documentId: string): Promise<Answer<null>>;
  documents(): Promise<Answer<readonly SeenDocument[]>>;
  /** The documents when nothing is being read; `lost` while something is, for it may go live or not. */
  settledDocuments(): Promise<Answer<readonly SeenDocument[]>>;
  /** Titles of the documents that a search finds. */
  search(query: string): Promise<Answer<readonly string[]>>;
  /** Numbers of the tickets and hand-offs that are kept of a user. */
  records(user: string): Promise<Answer<{ readonly tickets: readonly string[]; readonly handoffs: readonly string[] }>>;
  /** What waits to be copied to the first port of the store; `state` is that of the layer. */
  store(): Promise<Answer<{ readonly state: string; readonly waiting: number }>>;
}

/** Of each turn; whoever gets no answer asks again. */
const DEADLINE_MS = 30_000;
/** Seconds that a request waits for its document to go live. */
const READ_S = 30;
/** Longer than any deadline of the server: whoever is silent for so long will never answer. */
const SILENCE_MS = 45_000;

/**
 * @param url changes when the server is restarted, so it is asked for at each call.
 * @param options `shared`: what a server has read without the store that it shares is no answer, for it may lack what others wrote.
 */
export function createApi(url: () => string, { shared = false }: { readonly shared?: boolean } = {}): Api {
  async function send(method: string, path: string, body?: object): Promise<Response> {
    return fetch(new URL(path, url()), {
      method,
      ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(SILENCE_MS),
    });
  }

  async function call<T>(method: string, path: string, body?: object): Promise<Answer<T>> {
    try {
      const response = await send(method, path, body);
      const text = await response.text();
      // /health answers 503 with the report itself when turns cannot be answered.
      if (!response.ok && path !== "/health") return refusal(response.status, text);
      if (shared && method === "GET" && /\bstore;/.test(response.headers.get("x-degraded") ?? "")) {
        return { kind: "lost", reason: "it was read without the shared store" };
      }
      return { kind: "ok", body: (text === "" ? null : JSON.parse(text)) as T };
    } catch (error) {
      return lost(error);
    }
  }

  async function all<T>(path: string): Promise<Answer<readonly T[]>> {
    const items: T[] = [];
    let next: string | null = null;
    do {
      const after: string = next === null ? "" : `&after=${encodeURIComponent(next)}`;
      const page: Answer<Page<T>> = await call("GET", `${path}${after}`);
      if (page.kind !== "ok") return page;
      items.push(...page.body.items);
      next = page.body.next;
    } while (next !== null);
    return { kind: "ok", body: items };
  }

  const documents = () => all<SeenDocument>("/api/v1/knowledge/documents?limit=100");
  const session = (user: string, sessionId: string) => `/api/v1/sessions/${sessionId}?user=${user}`;
  return {
    chat: (body) => call("POST", "/api/v1/chat", { ...body, deadline_ms: DEADLINE_MS }),
    async stream(body, onBegun) {
      try {
        const response = await send("POST", "/api/v1/chat/stream", { ...body, deadline_ms: DEADLINE_MS });
        if (!response.ok || !response.body) return refusal(response.status, await response.text());
        return await readEvents(Readable.fromWeb(response.body), onBegun);
      } catch (error) {
        return lost(error);
      }
    },
    turns: (user, sessionId) => all(`${session(user, sessionId)}&limit=100`),
    async sessions(user) {
      const found = await all<{ readonly session_id: string }>(`/api/v1/sessions?limit=100&user=${user}`);
      return found.kind === "ok" ? { kind: "ok", body: found.body.map((one) => one.session_id) } : found;
    },
    removeSession: (user, sessionId) => call("DELETE", session(user, sessionId)),
    async addDocument(name, content) {
      const path = `/api/v1/knowledge/documents?wait=${READ_S}`;
      const added = await call<{ documents: readonly SeenDocument[] }>("POST", path, { name, content });
      if (added.kind !== "ok" || added.body.documents.length > 0) return added;
      return { kind: "lost", reason: `it is still being read after ${READ_S} s` };
    },
    removeDocument: (documentId) => call("DELETE", `/api/v1/knowledge/documents/${documentId}`),
    documents,
    async settledDocuments() {
      const jobs = await all<Pick<SeenJob, "state">>("/api/v1/knowledge/jobs?limit=100");
      if (jobs.kind !== "ok") return jobs;
      const reading = jobs.body.filter((job) => !isOver(job)).length;
      return reading > 0 ? { kind: "lost", reason: `${reading} documents are being read` } : documents();
    },
    async search(query) {
      const found = await call<{ passages: readonly { title: string }[] }>("POST", "/api/v1/knowledge/search", {
        query,
      });
      return found.kind === "ok" ? { kind: "ok", body: found.body.passages.map(({ title }) => title) } : found;
    },
    async records(user) {
      try {
        const response = await send("GET", `/api/v1/users/${user}/data`);
        const text = await response.text();
        return response.ok ? recordsIn(text) : refusal(response.status, text);
      } catch (error) {
        return lost(error);
      }
    },
    async store() {
      const health = await call<HealthBody>("GET", "/health");
      if (health.kind !== "ok") return health;
      const { state, backlog } = health.body.layers.store;
      return { kind: "ok", body: { state, waiting: backlog?.operations ?? 0 } };
    },
  };
}

interface HealthBody {
  readonly layers: {
    readonly store: { readonly state: string; readonly backlog: { readonly operations: number } | null };
  };
}

async function readEvents(body: Readable, onBegun: (sessionId: string) => void): Promise<Answer<Reply>> {
  let event = "";
  for await (const line of createInterface({ input: body })) {
    if (line.startsWith("event: ")) event = line.slice("event: ".length);
    if (!line.startsWith("data: ")) continue;
    const data = line.slice("data: ".length);
    if (event === "meta") onBegun((JSON.parse(data) as Reply).session_id);
    if (event === "done") return { kind: "ok", body: JSON.parse(data) as Reply };
    if (event === "error") return refusal((JSON.parse(data) as { status?: number }).status ?? 0, data);
  }
  return { kind: "lost", reason: "the stream ended without a last event" };
}

interface ExportLine {
  readonly type: string;
  readonly ticket_id?: string;
  readonly handoff_id?: string;
}

function recordsIn(
  text: string,
): Answer<{ readonly tickets: readonly string[]; readonly handoffs: readonly string[] }> {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as ExportLine);
  if (lines.at(-1)?.type !== "end") return { kind: "lost", reason: "the export broke off" };
  const all = (type: string, id: "ticket_id" | "handoff_id") =>
    lines.filter((line) => line.type === type).map((line) => line[id] ?? "");
  return { kind: "ok", body: { tickets: all("ticket", "ticket_id"), handoffs: all("handoff", "handoff_id") } };
}

function refusal(status: number, text: string): Answer<never> {
  try {
    const { code = "", detail = "" } = JSON.parse(text) as { code?: string; detail?: string };
    return { kind: "refused", status, code, detail };
  } catch {
    return { kind: "refused", status, code: "", detail: `not a problem document: ${text.slice(0, 80)}` };
  }
}

function lost(error: unknown): Answer<never> {
  if (!(error instanceof Error)) return { kind: "lost", reason: String(error) };
  if (error.name === "TimeoutError") {
    return { kind: "refused", status: 0, code: "silent", detail: `nothing was answered in ${SILENCE_MS} ms` };
  }
  const { cause } = error;
  return { kind: "lost", reason: cause instanceof Error ? cause.message : error.message };
}
