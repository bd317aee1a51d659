import { type CallContext, createContext } from "../../../src/fallbacks/core/context.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer, type Layer, type Port } from "../../../src/fallbacks/core/layer.ts";
import type { LayerName } from "../../../src/fallbacks/core/status.ts";
import type { ChatEvent } from "../../../src/graph/chat-types.ts";
import type { NodeContext } from "../../../src/graph/node.ts";
import { loadLanguagePacks } from "../../../src/graph/rules/language-pack.ts";
import type { ChatState, Recognition } from "../../../src/graph/state.ts";
import type { ToolResult } from "../../../src/graph/tools/tool-call.ts";
import type { SearchResult, Source } from "../../../src/retrieval/knowledge.ts";
import type { Ticket, TicketInput, Tickets } from "../../../src/support/tickets.ts";
import { createManualClock } from "../../support/manual-clock.ts";

export const packs = loadLanguagePacks(new URL("../../../resources/languages/", import.meta.url));

export const clock = createManualClock();

/** A layer over ports in order, without a breaker in the way of a single failure. */
export function layerOf<P extends Port>(name: LayerName, ...ports: [P, ...P[]]): Layer<P> {
  const [first, ...others] = ports;
  return createLayer<P>({
    name,
    slots: [{ port: first, mode: "equal" }, ...others.map((port) => ({ port, mode: "lower" as const }))],
    configured: others.length > 0,
    clock,
    random: () => 0.5,
    faults: createFaults({ clock, random: () => 0.5 }),
    words: { impact: {}, down: "down", action: "act" },
  });
}

export interface TestContext extends NodeContext {
  readonly events: ChatEvent[];
}

export function contextOf(signal?: AbortSignal): TestContext {
  const events: ChatEvent[] = [];
  const context: CallContext = createContext({
    clock,
    requestId: "request-1",
    deadlineMs: 10_000,
    ...(signal === undefined ? {} : { signal }),
  });
  return { ...context, events, emit: (event) => void events.push(event) };
}

/** What a reader of the stream has on the page at the end. */
export function shownText(events: readonly ChatEvent[]): string {
  return events.reduce((text, event) => {
    if (event.type === "restart") return "";
    return event.type === "token" ? text + event.text : text;
  }, "");
}

export function recognitionOf(part: Partial<Recognition> = {}): Recognition {
  return {
    intents: ["knowledge_qa"],
    emotion: "neutral",
    emotionScore: 1,
    topicSwitch: false,
    language: "en",
    ...part,
  };
}

export function stateOf(part: Partial<ChatState> = {}): ChatState {
  return {
    sessionId: "session-1",
    turnId: "turn-1",
    seq: 1,
    user: "guest",
    owner: "guest",
    message: "What is the return policy?",
    history: [],
    slots: {},
    failures: 0,
    recognition: null,
    calls: [],
    results: [],
    reply: null,
    card: null,
    tokens: { input: 0, output: 0 },
    ...part,
  };
}

export function sourceOf(quote: string, part: Partial<Source> = {}): Source {
  const base = { documentId: "doc_1", title: "Returns", heading: "Unopened", chunkId: "doc_1.0", start: 0, score: 0.9 };
  return { ...base, end: quote.length, quote, ...part };
}

export function searchOf(...quotes: string[]): SearchResult {
  const sentences = quotes.map((quote) => sourceOf(quote));
  return {
    passages: [],
    answerable: quotes.length > 0,
    confidence: quotes.length > 0 ? 0.9 : 0,
    sentences,
    reading: sentences,
    related: [],
  };
}

/** Tickets in a list: one for each operation. */
export function createTicketList(): Pick<Tickets, "open" | "get" | "list"> & { readonly inputs: TicketInput[] } {
  const inputs: TicketInput[] = [];
  const tickets = new Map<string, Ticket & { readonly owner: string }>();
  return {
    inputs,
    async open(input) {
      const known = tickets.get(input.operationId);
      if (known) return known;
      inputs.push(input);
      const ticket = {
        ticketId: `TK-0000000${inputs.length}`,
        owner: input.owner,
        category: input.category,
        priority: input.priority,
        status: "pending" as const,
        problem: input.problem,
        orderId: input.orderId ?? null,
        contact: input.contact ?? null,
        createdAt: "2026-01-15T10:00:00.000Z",
      };
      tickets.set(input.operationId, ticket);
      return ticket;
    },
    get: async (owner, ticketId) =>
      [...tickets.values()].find((ticket) => ticket.owner === owner && ticket.ticketId === ticketId),
    list: async (owner, limit) =>
      [...tickets.values()]
        .filter((ticket) => ticket.owner === owner)
        .reverse()
        .slice(0, limit),
  };
}

/** Of a search that found these sentences, or nothing. */
export const knowledgeResult = (...quotes: string[]): ToolResult => ({
  name: "search_knowledge",
  status: quotes.length > 0 ? "found" : "not_found",
  data: { query: "q", search: searchOf(...quotes) },
});

/** An order of the sample shop. */
export const orderResult: ToolResult = {
  name: "query_order",
  status: "found",
  data: {
    sample: true,
    orderId: "LK20260142",
    orders: [],
    order: {
      orderId: "LK20260142",
      status: "shipped",
      items: ["Kettle"],
      total: { amount: "99.00", currency: "CNY" },
      trackingNumber: "PX1",
      orderedOn: "2026-01-12",
      deliveredOn: null,
      expectedOn: "2026-01-17",
    },
  },
};
