import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App } from "../../src/app.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import type { KillFigures } from "../../src/rehearsal/kill/kill.ts";
import type { ProblemKind } from "../../src/rehearsal/kill/problem.ts";
import { runKill } from "../../src/rehearsal/kill/run-kill.ts";
import type { ServerProcess } from "../../src/rehearsal/kill/server-process.ts";
import { type Exchange, type Lie, startLyingServer } from "../support/lying-server.ts";
import { testApp } from "../support/test-app.ts";

let app: App;
let url: string;
let ids = 0;
beforeAll(async () => {
  const newId = () => {
    ids += 1;
    return ids.toString(16).padStart(32, "0");
  };
  app = await testApp({ clock: systemClock, newId }, { TURNS_AT_ONCE: "1000" });
  url = await app.listen();
});
afterAll(() => app?.close());

interface SeenTurn {
  readonly turn_id: string;
  readonly seq: number;
  readonly status: string;
  readonly reply: { readonly reply: string } | null;
}

const isSession = (path: string) => /^\/api\/v1\/sessions\/[^/]+$/.test(path);
const isDocument = (path: string) => path.startsWith("/api/v1/knowledge/documents/");
const documents = "/api/v1/knowledge/documents";

/** Changes the turns of every session that is read. */
function turns(change: (items: readonly SeenTurn[]) => readonly SeenTurn[]): Lie {
  return ({ method, path, status, body }) => {
    if (method !== "GET" || !isSession(path) || status !== 200) return undefined;
    const session = body as { readonly items: readonly SeenTurn[] };
    return { body: { ...session, items: change(session.items) } };
  };
}

function list(ofPath: string, change: (items: readonly { name: string }[]) => readonly unknown[]): Lie {
  return ({ method, path, status, body }) => {
    if (method !== "GET" || path !== ofPath || status !== 200) return undefined;
    const page = body as { readonly items: readonly { name: string }[] };
    return { body: { ...page, items: change(page.items) } };
  };
}

function chat(change: (reply: Record<string, unknown>, asked: { message: string; turn_id: string }) => object): Lie {
  return ({ path, status, asked, body }: Exchange) =>
    path === "/api/v1/chat" && status === 200
      ? { body: change(body as Record<string, unknown>, asked as { message: string; turn_id: string }) }
      : undefined;
}

const honest: Lie = () => undefined;
const never = () => false;
let runs = 0;

/** Runs until something is found, at most for `cycles`. Every start is a new liar before the same server. */
async function rehearse(
  lie: Lie,
  swallow: (method: string, path: string) => boolean = never,
  cycles = 25,
): Promise<KillFigures> {
  const stop = new AbortController();
  runs += 1;
  return runKill({
    subject: { start: async () => processOf(await startLyingServer(url, lie, swallow)) },
    // Names of users and documents come from the seed's clients: each run has its own.
    name: `run${runs}`,
    cycles,
    seed: 7,
    clients: 4,
    patienceMs: 500,
    write: () => {},
    signal: stop.signal,
    onCycle: ({ problems }) => void (problems.length > 0 && stop.abort()),
  });
}

function processOf(server: Awaited<ReturnType<typeof startLyingServer>>): ServerProcess {
  return { listening: Promise.resolve(server.url), isGone: false, said: () => "nothing", kill: () => server.close() };
}

type Row = readonly [name: string, kind: ProblemKind, lie: Lie, swallow?: (method: string, path: string) => boolean];

const lies: readonly Row[] = [
  ["drops an acknowledged turn", "missing", turns((items) => items.filter(({ status }) => status !== "done"))],
  ["has a turn twice", "twice", turns((items) => items.flatMap((turn) => [turn, { ...turn, seq: turn.seq + 1 }]))],
  [
    "changes the order of turns",
    "order",
    turns((items) => [...items].reverse().map((turn, index) => ({ ...turn, seq: index + 1 }))),
  ],
  ["numbers turns anew", "order", turns((items) => items.map((turn) => ({ ...turn, seq: turn.seq + 1 })))],
  [
    "changes an answer",
    "changed",
    turns((items) => items.map((turn) => (turn.reply ? { ...turn, reply: { ...turn.reply, reply: "No." } } : turn))),
  ],
  [
    "changes a message",
    "changed",
    turns((items) => items.map((turn) => ({ ...turn, message: "Nothing of the kind." }))),
  ],
  [
    "loses an answer and keeps its turn",
    "missing",
    turns((items) => items.map((turn) => ({ ...turn, status: "interrupted", reply: null }))),
  ],
  ["invents a turn", "unasked", turns((items) => [...items, { ...strange, seq: items.length + 1 }])],
  [
    "loses a session",
    "missing",
    ({ method, path }) =>
      method === "GET" && isSession(path) ? { status: 404, body: { code: "session_not_found" } } : undefined,
  ],
  ["does not list a session", "missing", list("/api/v1/sessions", () => [])],
  ["lists a session twice", "twice", list("/api/v1/sessions", (items) => [...items, ...items])],
  ["keeps a deleted session", "returned", honest, (method, path) => method === "DELETE" && isSession(path)],
  ["loses a document", "missing", list(documents, (items) => items.filter(({ name }) => !name.startsWith("run")))],
  ["has a document twice", "twice", list(documents, (items) => [...items, ...items])],
  ["keeps a deleted document", "returned", honest, (method, path) => method === "DELETE" && isDocument(path)],
  [
    "does not find a document",
    "missing",
    ({ path, body }) =>
      path === "/api/v1/knowledge/search" ? { body: { ...(body as object), passages: [] } } : undefined,
  ],
  [
    "answers the same turn in another way",
    "changed",
    chat((reply) => ({ ...reply, usage: { input_tokens: Math.random(), output_tokens: 1 } })),
  ],
  ["hides why something stood in", "untold", chat((reply) => ({ ...reply, degradation: [{ layer: "store" }] }))],
  [
    "has a defect",
    "refused",
    ({ path }) => (path === "/api/v1/chat" ? { status: 500, body: { code: "internal", detail: "oops" } } : undefined),
  ],
  [
    "never answers what was cut off",
    "unanswered",
    ({ path }) => (path === "/api/v1/chat" ? { status: 503, body: { code: "overloaded" } } : undefined),
  ],
];

const strange: SeenTurn & { message: string } = {
  turn_id: "strange",
  seq: 1,
  status: "done",
  reply: null,
  message: "Who is there?",
};

/** What a user is told who asks for the tickets. */
function withTicket(words: string): Lie {
  return chat((reply, { message }) => (message === "Any news on my ticket?" ? { ...reply, reply: words } : reply));
}

describe("the checker of the drill kill", () => {
  it("finds nothing wrong with a server that tells the truth", async () => {
    const { problems, cycles, acknowledged, checked } = await rehearse(honest, never, 3);
    expect(problems).toEqual([]);
    expect(cycles).toBe(3);
    expect(acknowledged.answered).toBeGreaterThan(0);
    expect(checked.turns).toBeGreaterThan(0);
  });

  const rows = lies.map(([name, kind, lie, swallow]) => ({ name, kind, lie, swallow }));
  it.each(rows)("finds a server that $name: $kind", async ({ kind, lie, swallow }) => {
    const { problems } = await rehearse(lie, swallow);
    expect(problems.map((problem) => problem.kind)).toContain(kind);
  });

  // Tickets are looked up at the end.
  it.each([
    ["opens a ticket that nobody wished for", "twice", "TK-AAAAAAAA and TK-BBBBBBBB"],
    ["has lost a ticket", "missing", "nothing"],
  ] as const)("finds a server that %s: %s", async (_name, kind, words) => {
    const { problems, checked } = await rehearse(withTicket(words), never, 6);
    expect(checked.users).toBeGreaterThan(0);
    expect(problems.map((problem) => problem.kind)).toContain(kind);
  });

  it("finds a server that does not start", async () => {
    const dead: ServerProcess = {
      listening: Promise.reject(new Error("it ended")),
      isGone: true,
      said: () => "no disk",
      kill: async () => {},
    };
    dead.listening.catch(() => {});
    const { problems } = await runKill({ subject: { start: async () => dead }, cycles: 3, seed: 1, write: () => {} });
    expect(problems).toEqual([{ kind: "dead", text: "the server does not start: no disk", cycle: 1 }]);
  });
});
