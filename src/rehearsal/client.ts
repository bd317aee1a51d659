import { setTimeout } from "node:timers/promises";
import type {
  CitingAnswers,
  HealthReport,
  Listed,
  ListOrder,
  PageOrder,
  SeenConflict,
  SeenJob,
  SeenTrial,
  TrialFile,
  TurnAnswer,
  UnansweredQuestions,
} from "./client-wire.ts";

export interface Client {
  chat(body: {
    readonly message: string;
    readonly session_id?: string;
    readonly deadline_ms?: number;
  }): Promise<TurnAnswer>;
  health(): Promise<HealthReport>;
  history(
    sessionId: string,
  ): Promise<readonly { readonly turn_id: string; readonly reply: { readonly reply: string } | null }[]>;
  /** Adds a text, and waits until it is live. */
  addDocument(document: { readonly name: string; readonly content: string }): Promise<void>;
  /** Hands in a file, and does not wait until it is read. `audience`: role names. */
  addFile(file: {
    readonly name: string;
    readonly content: Uint8Array<ArrayBuffer>;
    readonly audience?: readonly string[];
  }): Promise<SeenJob>;
  /** Waits while the server wants to be asked later: where it has no room for another trial, 60 times. */
  tryFile(file: TrialFile): Promise<SeenTrial>;
  /** All that the knowledge base has. */
  conflicts(): Promise<readonly SeenConflict[]>;
  /** The same of a page, or of the pages of a sitemap or a crawl. */
  addPage(page: PageOrder & { readonly audience?: readonly string[] }): Promise<SeenJob>;
  /** Hears of each state until the last, to which it resolves; a connection that breaks is made again. */
  followJob(jobId: string, hear: (job: SeenJob) => void): Promise<SeenJob>;
  /** Ends a job with those of its pages; of one that takes long to stop the state is another one than the last. */
  cancelJob(jobId: string): Promise<SeenJob>;
  unanswered(order: ListOrder & { readonly since?: string }): Promise<UnansweredQuestions>;
  answers(documentId: string, order: ListOrder): Promise<CitingAnswers>;
}

/** A server that wants to be asked less often says when to come back. */
const LONGEST_WAIT_S = 60;
/** Waits for a server without room, which may never have any: some five minutes where trials are what it runs. */
const MOST_WAITS = 60;
/** Connections one after the other that brought nothing. */
const MOST_FAILURES = 10;
const AGAIN_MS = 500;

/**
 * Talks to a running server. A problem+json becomes an Error with its title, detail and code.
 * @param wait for so many ms. Default: as long as that is.
 */
export function createClient(
  url: string,
  key?: string,
  wait: (ms: number) => Promise<unknown> = (ms) => setTimeout(ms),
): Client {
  const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };

  async function send(path: string, body?: object, method = body ? "POST" : "GET"): Promise<Response> {
    const isForm = body instanceof FormData;
    return fetch(new URL(path, url), {
      method,
      headers: { ...(body && !isForm && { "content-type": "application/json" }), ...authorization },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
    });
  }

  async function call<T>(path: string, body?: object, method?: string): Promise<T> {
    const response = await send(path, body, method);
    const text = await response.text();
    // /health answers 503 with the report itself when turns cannot be answered.
    if (!response.ok && !(path === "/health" && response.status === 503))
      throw new Error(problemText(text, response.status));
    return JSON.parse(text) as T;
  }

  /**
   * For what sends much: asks again when the server wants to be asked later.
   * @param mostWaits how often where it is the server that has no room, 0 or more; as often as it takes where this client asks too often.
   */
  async function patiently(path: string, body?: object, mostWaits = 0): Promise<Response> {
    for (let waits = 0; ; ) {
      const response = await send(path, body);
      const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
      const hasNoRoom = response.status === 503 && waits < mostWaits;
      if (!(response.status === 429 || hasNoRoom) || !(seconds <= LONGEST_WAIT_S)) return response;
      if (hasNoRoom) waits += 1;
      await response.body?.cancel();
      await wait(seconds * 1_000);
    }
  }

  async function callPatiently<T>(path: string, body?: object, mostWaits?: number): Promise<T> {
    const response = await patiently(path, body, mostWaits);
    const text = await response.text();
    if (!response.ok) throw new Error(problemText(text, response.status));
    return JSON.parse(text) as T;
  }

  async function ingest(path: string, body: object): Promise<SeenJob> {
    const response = await patiently(`${path}?wait=0`, body);
    const text = await response.text();
    const [job] = response.ok ? (JSON.parse(text) as { readonly jobs: readonly SeenJob[] }).jobs : [];
    if (!job) throw new Error(problemText(text, response.status));
    return job;
  }

  return {
    chat: (body) => call("/api/v1/chat", body),
    health: () => call("/health"),
    async history(sessionId) {
      const path = `/api/v1/sessions/${encodeURIComponent(sessionId)}?limit=100`;
      return (await call<{ items: Awaited<ReturnType<Client["history"]>> }>(path)).items;
    },
    async addDocument(document) {
      await call("/api/v1/knowledge/documents?wait=60", document);
    },
    addFile({ name, content, audience }) {
      const form = new FormData();
      if (audience) form.append("audience", audience.join(","));
      form.append("file", new Blob([content]), name);
      return ingest("/api/v1/knowledge/documents", form);
    },
    tryFile({ name, content, questions, audience, roles }) {
      const form = new FormData();
      form.append("questions", questions.join("\n"));
      if (audience) form.append("audience", audience.join(","));
      if (roles) form.append("roles", roles.join(","));
      form.append("file", new Blob([content]), name);
      return callPatiently<SeenTrial>("/api/v1/knowledge/trial", form, MOST_WAITS);
    },
    async conflicts() {
      const found: SeenConflict[] = [];
      for (let after: string | null = ""; after !== null; ) {
        const query: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
        const path = `/api/v1/knowledge/conflicts?limit=100${query}`;
        const { items, next }: Listed<SeenConflict> = await callPatiently(path);
        found.push(...items);
        after = next;
      }
      return found;
    },
    addPage: (page) => ingest("/api/v1/knowledge/urls", page),
    cancelJob: (jobId) => call(`/api/v1/knowledge/jobs/${encodeURIComponent(jobId)}`, undefined, "DELETE"),
    unanswered: (order) => call(`/api/v1/knowledge/unanswered?${queryOf(order)}`),
    answers: (documentId, order) =>
      call(`/api/v1/knowledge/documents/${encodeURIComponent(documentId)}/answers?${queryOf(order)}`),
    async followJob(jobId, hear) {
      const path = `/api/v1/knowledge/jobs/${encodeURIComponent(jobId)}/events`;
      for (let failures = 0; ; failures += 1) {
        try {
          const response = await patiently(path);
          if (!response.ok) throw new Refused(problemText(await response.text(), response.status));
          for await (const job of jobsIn(response)) {
            failures = 0;
            hear(job);
            if (isOver(job)) return job;
          }
        } catch (error) {
          if (error instanceof Refused || failures >= MOST_FAILURES) throw error;
        }
        await wait(AGAIN_MS);
      }
    },
  };
}

function queryOf(order: ListOrder): string {
  return new URLSearchParams({ ...order }).toString();
}

/** Whether the job has ended, well or not. */
export function isOver({ state }: Pick<SeenJob, "state">): boolean {
  return state === "live" || state === "failed" || state === "cancelled";
}

/** The server has answered, and will answer the same again. */
class Refused extends Error {
  override readonly name = "Refused";
}

/** What the events `state` of a stream hold, as they come. */
async function* jobsIn(response: Response): AsyncGenerator<SeenJob> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    const blocks = (rest + decoder.decode(piece, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = /^event: state\ndata: (.*)$/.exec(block)?.[1];
      if (data !== undefined) yield JSON.parse(data) as SeenJob;
    }
  }
}

function problemText(text: string, status: number): string {
  try {
    const { title, detail, code } = JSON.parse(text) as { title?: string; detail?: string; code?: string };
    return `${detail ?? title ?? status} (${code ?? status})`;
  } catch {
    return `the server answered ${status} with something that is not JSON`;
  }
}
