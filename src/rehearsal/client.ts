import type { LayerName, LayerState, Mode, Reason } from "../fallbacks/core/status.ts";

/** The parts of the API that drills and the command line read, as they are on the wire. */
export interface TurnAnswer {
  readonly session_id: string;
  readonly turn_id: string;
  readonly reply: string;
  readonly intents: readonly string[];
  readonly sources: readonly { readonly title: string; readonly heading: string; readonly quote: string }[];
  readonly degradation: readonly {
    readonly layer: LayerName;
    readonly mode: Mode;
    readonly by: string;
    readonly reason: Reason;
    readonly since: string;
  }[];
  readonly served_by: string;
  readonly escalation: Readonly<Record<string, unknown>> | null;
  readonly durability: string;
}

export interface HealthReport {
  readonly status: "ok" | "degraded" | "down";
  readonly layers: Readonly<
    Record<
      LayerName,
      {
        readonly state: LayerState;
        readonly configured: boolean;
        readonly by: string;
        readonly mode: Mode | null;
        readonly since: string | null;
        readonly reason: Reason | null;
        readonly impact: string;
        readonly action: string;
        readonly breaker: { readonly calls: number; readonly not_permitted: number } | null;
      }
    >
  >;
  readonly notices: readonly string[];
}

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
  addDocument(document: { readonly name: string; readonly content: string }): Promise<void>;
}

/** Talks to a running server. A problem+json becomes an Error with its title, detail and code. */
export function createClient(url: string, key?: string): Client {
  async function call<T>(path: string, body?: object): Promise<T> {
    const response = await fetch(new URL(path, url), {
      method: body ? "POST" : "GET",
      headers: {
        ...(body && { "content-type": "application/json" }),
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    // /health answers 503 with the report itself when turns cannot be answered.
    if (!response.ok && !(path === "/health" && response.status === 503))
      throw new Error(problemText(text, response.status));
    return JSON.parse(text) as T;
  }
  return {
    chat: (body) => call("/api/v1/chat", body),
    health: () => call("/health"),
    async history(sessionId) {
      const path = `/api/v1/sessions/${encodeURIComponent(sessionId)}?limit=100`;
      return (await call<{ items: Awaited<ReturnType<Client["history"]>> }>(path)).items;
    },
    async addDocument(document) {
      await call("/api/v1/knowledge/documents", document);
    },
  };
}

function problemText(text: string, status: number): string {
  try {
    const { title, detail, code } = JSON.parse(text) as { title?: string; detail?: string; code?: string };
    return `${detail ?? title ?? status} (${code ?? status})`;
  } catch {
    return `the server answered ${status} with something that is not JSON`;
  }
}
