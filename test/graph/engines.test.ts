import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Business } from "../../src/fallbacks/business/port.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { LayerName } from "../../src/fallbacks/core/status.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { ChatEvent } from "../../src/graph/chat-types.ts";
import type { LangGraphOptions } from "../../src/graph/langgraph.ts";
import { createStandIns } from "../../src/rehearsal/stand-ins.ts";
import { tenTurns } from "../../src/rehearsal/ten-turns.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { dump } from "../support/store-dump.ts";
import { testApp } from "../support/test-app.ts";

type LangGraph = Awaited<ReturnType<NonNullable<LangGraphOptions["load"]>>>;

type NodeFunction = (state: object, config: object) => Promise<object>;

/** LangGraph that breaks after its `step`-th node of each turn, between two nodes. */
function breakingAfter(step: number): LangGraphOptions {
  return {
    async load() {
      const langgraph = await import("@langchain/langgraph");
      let steps = 0;
      const build = (...args: ConstructorParameters<typeof langgraph.StateGraph>) => {
        const graph = new langgraph.StateGraph(...args);
        const addNode = graph.addNode.bind(graph) as (name: string, run: NodeFunction) => unknown;
        const breaking = (name: string, run: NodeFunction) =>
          addNode(name, async (state, config) => {
            // Every way through the topology begins here.
            if (name === "recognise") steps = 0;
            const update = await run(state, config);
            steps += 1;
            if (steps === step) throw new Error("the engine broke");
            return update;
          });
        return Object.assign(graph, { addNode: breaking });
      };
      const Breaking = new Proxy(langgraph.StateGraph, { construct: (_target, args) => build(...(args as [never])) });
      return { ...langgraph, StateGraph: Breaking };
    },
  };
}

interface Fault {
  readonly layer: Exclude<LayerName, "graph" | "tracing">;
  /** Which call of that layer's first port fails, counted from 1 over the whole conversation. */
  readonly call: number;
}

/** Stand-ins as first ports, of which one call fails. */
function failingOnce(fault: Fault | undefined) {
  const standIns = createStandIns(["llm", "embeddings", "vectors", "reranker", "business"], systemClock);
  const firsts = { ...standIns, store: [Object.defineProperty(createMemoryStore(), "name", { value: "scripted" })] };
  let calls = 0;
  let over = false;
  const writes: string[] = [];
  for (const business of firsts.business ?? []) {
    const inner = { ...business };
    Object.assign(business, {
      createReturn: (...args: Parameters<Business["createReturn"]>) => {
        writes.push(args[2]);
        return inner.createReturn(...args);
      },
      cancelReturn: (...args: Parameters<Business["cancelReturn"]>) => {
        writes.push(args[2]);
        return inner.cancelReturn(...args);
      },
    });
  }
  const port = fault && firsts[fault.layer]?.[0];
  for (const [name, method] of Object.entries(port ?? {})) {
    if (typeof method !== "function" || name === "close") continue;
    Object.defineProperty(port, name, {
      value(...args: unknown[]): unknown {
        calls += 1;
        if (over) return Reflect.apply(method, port, args);
        const refused = new LayerError("network", "refused on request");
        if (calls !== fault?.call) return Reflect.apply(method, port, args);
        return name === "stream" ? failingStream(refused) : Promise.reject(refused);
      },
    });
  }
  return {
    firsts,
    writes,
    /** From here on nothing fails: the test looks at what is there. */
    end: () => {
      over = true;
    },
  };
}

/** A stream that fails before its first piece. */
function failingStream(error: LayerError): AsyncIterable<never> {
  const next = async () => {
    throw error;
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

interface Run {
  readonly events: readonly ChatEvent[];
  readonly stored: unknown;
  readonly engines: readonly string[];
  /** Names of the operations that the business system was asked to carry out. */
  readonly writes: readonly string[];
}

/** A whole conversation: what was shown, and what is in the store afterwards. */
async function converse(
  messages: readonly string[],
  options: {
    readonly engine: "langgraph" | "sequential";
    readonly langgraph?: LangGraphOptions;
    readonly fault?: Fault | undefined;
  },
): Promise<Run> {
  const { firsts, end, writes } = failingOnce(options.fault);
  const clock = createManualClock();
  const app = await testApp(
    { clock, firsts, ...(options.langgraph && { langgraph: options.langgraph }) },
    // One attempt: the clock stands still, so nobody would come out of the pause before a second one.
    { GRAPH_ENGINE: options.engine, MAX_ATTEMPTS: "1" },
  );
  const events: ChatEvent[] = [];
  const engines: string[] = [];
  let sessionId: string | undefined;
  for (const [index, message] of messages.entries()) {
    const reply = await app.chat.run(
      {
        requestId: "r",
        owner: { keyId: "k", user: "guest" },
        message,
        turnId: `turn-${index}`,
        signal: new AbortController().signal,
        ...(sessionId !== undefined && { sessionId }),
      },
      (event) => events.push(event),
    );
    sessionId = reply.sessionId;
    engines.push(reply.degradation.find(({ layer }) => layer === "graph")?.by ?? options.engine);
  }
  end();
  // What the failed call kept from the store is replayed.
  await clock.advance(6_000);
  const [scripted] = firsts.store;
  if (!scripted) throw new Error("there is no store");
  const stored = masked(await dump(scripted));
  await app.close();
  return { events, stored, engines, writes };
}

/** What the receipts say of these may differ: the engine itself, and the store, which is caught up in the background. */
const maskedLayers = new Set<unknown>(["graph", "store"]);

function masked(stored: unknown): unknown {
  return JSON.parse(JSON.stringify(stored), (key, value: unknown) => {
    // Each app is a process of its own to the others.
    if (key === "runner") return "a process";
    if (!Array.isArray(value)) return value;
    return value.filter(
      (entry: unknown) =>
        typeof entry !== "object" || entry === null || !("layer" in entry) || !maskedLayers.has(entry.layer),
    );
  });
}

const longest = 4;

describe("engine equivalence", () => {
  it.each(tenTurns.map((messages, index) => [index, messages] as const))(
    "conversation %i: both engines show and store the same",
    async (_index, messages) => {
      const sequential = await converse(messages, { engine: "sequential" });
      const langgraph = await converse(messages, { engine: "langgraph" });
      expect(langgraph.engines).toEqual(messages.map(() => "langgraph"));
      expect(langgraph.events).toEqual(sequential.events);
      expect(langgraph.stored).toEqual(sequential.stored);
    },
  );

  it("any conversation, an engine that breaks after any step, one failing call of any layer: the same, and every effect once", async () => {
    const message = fc.constantFrom(
      ...tenTurns.flat(),
      "帮我开个工单，扫地机器人不充电",
      "My TK ticket status?",
      "This is outrageous, you are useless!!",
      "I want to return order LK20260129, it is broken",
      "取消退货RT204590",
      // Half of what follows an offer.
      "yes",
      "是的",
      "yes, please",
      "no",
    );
    const fault = fc.option(
      fc.record({
        layer: fc.constantFrom<Fault["layer"]>("llm", "embeddings", "vectors", "reranker", "store", "business"),
        call: fc.integer({ min: 1, max: 30 }),
      }),
      { nil: undefined },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: longest }),
        fault,
        async (messages, step, failing) => {
          const sequential = await converse(messages, { engine: "sequential", fault: failing });
          const broken = await converse(messages, {
            engine: "langgraph",
            langgraph: breakingAfter(step),
            fault: failing,
          });
          expect(broken.events).toEqual(sequential.events);
          expect(broken.stored).toEqual(sequential.stored);
          expect(broken.writes).toEqual(sequential.writes);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("fault 46: an engine that breaks is replaced from the step that was next, and a ticket is opened once", async () => {
    const messages = ["My coffee machine leaks water. Please open a ticket."];
    const sequential = await converse(messages, { engine: "sequential" });
    for (let step = 1; step <= longest; step += 1) {
      const broken = await converse(messages, { engine: "langgraph", langgraph: breakingAfter(step) });
      expect(broken.engines).toEqual(["sequential"]);
      expect(broken.stored).toEqual(sequential.stored);
    }
    expect(sequential.stored).toMatchObject({ tickets: expect.arrayContaining([expect.anything()]) });
  });

  it.each([
    ["requested", "return order LK20260129, it is broken", "RT300001 for order LK20260129: requested"],
    ["cancelled", "cancel my return RT204590", "RT204590 for order LK20260098: cancelled"],
  ])("fault 46: a return is %s once, whichever step the engine breaks after", async (_, wish, made) => {
    const messages = [wish, "yes", "yes"];
    const sequential = await converse(messages, { engine: "sequential" });
    expect(JSON.stringify(sequential.stored)).toContain(made);
    for (let step = 1; step <= longest; step += 1) {
      const broken = await converse(messages, { engine: "langgraph", langgraph: breakingAfter(step) });
      expect(broken.engines).toEqual(messages.map(() => "sequential"));
      expect(broken.events).toEqual(sequential.events);
      expect(broken.stored).toEqual(sequential.stored);
      expect(broken.writes).toEqual(sequential.writes);
      expect(broken.writes).toHaveLength(1);
    }
  });

  it("fault 46: LangGraph that cannot be built gives the same answers on the sequential executor", async () => {
    const messages = tenTurns[0] ?? [];
    const unbuildable = async () =>
      ({ ...(await import("@langchain/langgraph")), StateGraph: undefined }) as unknown as LangGraph;
    const sequential = await converse(messages, { engine: "sequential" });
    const broken = await converse(messages, { engine: "langgraph", langgraph: { load: unbuildable } });
    expect(broken.engines).toEqual(messages.map(() => "sequential"));
    expect(broken.events).toEqual(sequential.events);
    expect(broken.stored).toEqual(sequential.stored);
  });
});
