import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { parseApiKeys } from "../../src/accounts/keys.ts";
import type { Conversations } from "../../src/conversations/conversations.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import type { LayerStatus } from "../../src/fallbacks/core/status.ts";
import type { Chat, ChatReply, ChatRequest } from "../../src/graph/chat-types.ts";
import type { Job } from "../../src/jobs/jobs.ts";
import { Problem } from "../../src/problems.ts";
import type { DocumentInfo, Knowledge, Span } from "../../src/retrieval/knowledge.ts";
import { noPrecedence } from "../../src/retrieval/precedence.ts";
import { createHttpServer } from "../../src/server/create-server.ts";
import type { Logger, ServerDeps, ServerSettings } from "../../src/server/server-deps.ts";
import { fakeIngestion } from "../ingestion/fake-ingestion.ts";
import { documentNamed } from "../ingestion/ingest-rig.ts";

const START = "2026-01-15T10:00:00.000Z";

export function chatReply(request: ChatRequest, change: Partial<ChatReply> = {}): ChatReply {
  return {
    sessionId: request.sessionId ?? "ses_1",
    turnId: request.turnId ?? "turn_1",
    reply: request.message,
    intents: ["knowledge_qa"],
    sources: [],
    related: [],
    degradation: [],
    servedBy: "mock",
    escalation: null,
    usage: { inputTokens: 0, outputTokens: 0 },
    durability: "disk",
    ...change,
  };
}

/** Says back what it is told. */
export const echoChat: Chat = {
  async run(request, emit) {
    emit?.({ type: "meta", sessionId: "ses_1", turnId: "turn_1" });
    emit?.({ type: "token", text: request.message, by: "mock" });
    return chatReply(request);
  },
};

export const document: DocumentInfo = documentNamed("returns.md", { documentId: "doc_1", title: "Returns", chunks: 2 });

export const passage: Span = {
  documentId: "doc_1",
  title: "Returns",
  heading: "Window",
  chunkId: "doc_1.0",
  start: 0,
  end: 7,
  quote: "30 days",
};

export function fakeKnowledge(change: Partial<Knowledge> = {}): Knowledge {
  return {
    revision: 1,
    documents: 1,
    chunks: 2,
    async add({ name }) {
      if (name.startsWith("bad")) throw new Problem("document_unreadable", `${name} is empty.`);
      return { ...document, name };
    },
    reserve: async (name) => ({ name, order: 1, deletions: 0 }),
    async remove() {},
    list: async () => ({ items: [document], next: null }),
    get: async () => ({ ...document, text: "# Returns" }),
    versions: async () => [{ ...document, live: true, liveAt: document.addedAt }],
    diff: async () => [{ kind: "same", text: "a" }],
    rollback: async () => document,
    settings: async () => ({ k: 5, scoreThreshold: 0.05 }),
    configure: async () => ({ k: 5, scoreThreshold: 0.05 }),
    conflicts: async () => ({ items: [], next: null }),
    trial: async ({ document: { name } }) => ({
      document: { ...document, name },
      replaces: null,
      questions: [],
      summary: { same: 0, gained: 0, lost: 0, changed: 0 },
      degradation: [],
    }),
    passage: async () => passage,
    search: async () => ({ passages: [], answerable: false, confidence: 0, sentences: [], reading: [], related: [] }),
    ...change,
  };
}

const session = { sessionId: "ses_1", title: "Hello", turns: 1, forked: false, createdAt: START, updatedAt: START };

export function fakeConversations(change: Partial<Conversations> = {}): Conversations {
  return {
    begin: () => Promise.reject(new Error("not used by the server")),
    sessionOf: () => Promise.reject(new Error("not used by the server")),
    finish: () => Promise.reject(new Error("not used by the server")),
    list: async () => ({ items: [session], next: null }),
    turns: async () => ({ ...session, items: [], next: null }),
    async remove() {},
    async *export() {},
    sessionIds: () => {
      throw new Error("not used by the server");
    },
    removeAll: async () => ({ sessions: 0, turns: 0 }),
    removeOlder: async () => ({ sessions: 0, turns: 0, unreadable: 0, next: null }),
    ...change,
  };
}

export function layerStatus(change: Partial<LayerStatus> = {}): LayerStatus {
  return {
    layer: "llm",
    state: "ok",
    configured: true,
    by: "primary",
    ports: ["primary", "mock"],
    mode: null,
    since: null,
    reason: null,
    evidence: "traffic",
    evidenceAgeS: 1.5,
    lastSuccess: new Date(START),
    lastError: null,
    breaker: { state: "closed", failures: 0, failureRate: null, calls: 3, nextProbeAt: null, notPermitted: 0 },
    candidates: [],
    cooldownUntil: null,
    retryBudget: 10,
    backlog: null,
    fallbackVerifiedAgeS: null,
    impact: "None.",
    action: "none",
    ...change,
  };
}

export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: object;
  readonly message: string;
}

export function recordingLog(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: keyof Logger) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), lines };
}

/** One key for each role: `user-key-user-key-user`, and so on. */
export const keyOf = (role: string) => `${role}-key-of-a-test-server`;
export const testKeys = ["user", "agent", "admin", "operator"].map((role) => `${role}:${keyOf(role)}`).join(",");

/** A directory with the two pages and one script, removed at the end of the test. */
export function pagesDirectory(): URL {
  const directory = mkdtempSync(join(tmpdir(), "understudy-pages-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "chat.html"), "<title>Chat</title>");
  writeFileSync(join(directory, "status.html"), "<title>Status</title>");
  writeFileSync(join(directory, "chat.js"), "export {};");
  writeFileSync(join(directory, "notes.txt"), "not for clients");
  return pathToFileURL(`${directory}/`);
}

const job: Job = {
  jobId: "job_1",
  kind: "erase",
  payload: null,
  state: "waiting",
  progress: null,
  result: null,
  attempts: 0,
  error: null,
  ending: false,
  createdAt: START,
  updatedAt: START,
};

/** Nothing to operate, measure or rank. */
export const idleOperations: Pick<
  ServerDeps,
  "operate" | "metrics" | "tiers" | "stopping" | "jobs" | "privacy" | "insight" | "precedence"
> = {
  // One for each server, which listens to it.
  get stopping() {
    return new AbortController().signal;
  },
  operate: {
    control: async () => layerStatus(),
    explain: () => [],
    faults: { plan: [], set() {}, allowed: true },
    deadLetters: {
      listDead: async () => [],
      retryDead: async () => ({ status: "applied" }),
      dropDead: async () => false,
    },
  },
  precedence: noPrecedence,
  metrics: { text: async () => "", contentType: "text/plain" },
  tiers: () => [],
  jobs: { get: async () => job, list: async () => ({ items: [job], next: null }) },
  privacy: { async *export() {}, erase: async () => job, erasure: async () => job },
  insight: {
    unanswered: async () => ({ items: [], next: null, questions: 0, since: new Date(0).toISOString(), more: false }),
    answers: async () => ({ items: [], next: null }),
  },
};

export type ServerChange = Partial<Omit<ServerDeps, "settings">> & { readonly settings?: Partial<ServerSettings> };

/** Starts a server of fakes on a free loopback port; it is closed at the end of the test. */
export async function startServer(change: ServerChange = {}): Promise<{ readonly url: string; readonly port: number }> {
  const { settings, ...rest } = change;
  let ids = 0;
  const authMode = settings?.authMode ?? "open";
  const server = createHttpServer({
    chat: echoChat,
    conversations: fakeConversations(),
    knowledge: fakeKnowledge(),
    ingestion: fakeIngestion(),
    layers: () => [layerStatus()],
    ready: () => ({ ready: true, reasons: [] }),
    accounts: createAccounts({ mode: authMode, keys: parseApiKeys(testKeys) }),
    ...idleOperations,
    clock: systemClock,
    log: recordingLog(),
    newId: () => String((ids += 1)).padStart(32, "0"),
    pages: pagesDirectory(),
    ...rest,
    settings: {
      version: "0.0.0-test",
      host: "127.0.0.1",
      production: false,
      authMode,
      corsOrigins: [],
      maxDeadlineMs: 30_000,
      maxBodyBytes: { chat: 256 * 1024, documents: 6 * 1024 * 1024 },
      requestsPerMinute: 100_000,
      turnsAtOnce: 8,
      ...settings,
    },
  });
  const listening = await server.listen(0);
  onTestFinished(async () => void (await server.close(0)));
  return listening;
}

export function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(url, { method: "POST", body: text, headers: { "content-type": "application/json", ...headers } });
}

/** Sends bytes as they are and gives the response as text once the server has ended the connection. */
export function sendRaw(port: number, request: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    const parts: Buffer[] = [];
    socket.on("data", (part) => parts.push(part));
    socket.on("error", reject);
    socket.on("close", () => resolve(Buffer.concat(parts).toString("utf8")));
  });
}

/** What a test has to wait for, and the way to let it happen. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

export interface SentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** The events of a whole stream; comments are left out. */
export function parseEvents(text: string): readonly SentEvent[] {
  return text
    .split("\n\n")
    .map((block) => /^id: (\d+)\nevent: (\w+)\ndata: ([^\n]*)$/.exec(block))
    .filter((match) => match !== null)
    .map(([, id = "", event = "", data = ""]) => ({ id, event, data: JSON.parse(data) as unknown }));
}
