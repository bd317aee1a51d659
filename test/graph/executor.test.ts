import { describe, expect, it } from "vitest";
import type { ChatEvent } from "../../src/graph/chat-types.ts";
import { createTurn, type Executor, NodeFailure, type Nodes } from "../../src/graph/executor.ts";
import { createLangGraphExecutor } from "../../src/graph/langgraph.ts";
import { createSequentialExecutor } from "../../src/graph/sequential.ts";
import type { ChatState } from "../../src/graph/state.ts";
import { end, nodeNames, start, successors } from "../../src/graph/topology.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";

const initial: ChatState = {
  sessionId: "s",
  turnId: "t",
  seq: 1,
  user: "u",
  owner: "k/u",
  message: "hello",
  history: [],
  slots: {},
  failures: 0,
  recognition: null,
  calls: [],
  results: [],
  reply: null,
  card: null,
  tokens: { input: 0, output: 0 },
};

function nodes(overrides: Partial<Nodes> = {}): Nodes & { readonly ran: string[] } {
  const ran: string[] = [];
  const entries = nodeNames.map((name) => [
    name,
    async () => {
      ran.push(name);
      return { tokens: { input: 1, output: 2 } };
    },
  ]);
  return { ...(Object.fromEntries(entries) as Nodes), ...overrides, ran };
}

const clock = createManualClock();
const context = () => ({ ...testContext(), emit: () => {} });
const executors: readonly (readonly [string, () => Executor])[] = [
  ["sequential", createSequentialExecutor],
  ["langgraph", createLangGraphExecutor],
];

it("a node that is run again by a second engine starts its text over, and the run that was given up is not heard any more", async () => {
  const shown: string[] = [];
  const heard = {
    ...context(),
    emit: (event: ChatEvent) => shown.push(event.type === "token" ? event.text : event.type),
  };
  let giveUp = () => {};
  let late = () => {};
  const engine = new AbortController();
  const turn = createTurn(
    nodes({
      compose: async (_, { emit, signal }) => {
        emit({ type: "token", text: signal === engine.signal ? "half" : "whole", by: "m" });
        if (signal !== engine.signal) return {};
        late = () => emit({ type: "token", text: "too late", by: "m" });
        return new Promise<never>((_resolve, reject) => {
          giveUp = () => reject(new Error("given up"));
        });
      },
    }),
    initial,
    clock,
  );
  for (const name of ["recognise", "plan", "act"] as const) await turn.step(name, heard);
  const first = turn.step("compose", { ...heard, signal: engine.signal });
  giveUp();
  await expect(first).rejects.toThrow(NodeFailure);
  await turn.step("compose", heard);
  late();
  expect(shown).toEqual(["half", "restart", "whole"]);
});

describe.each(executors)("%s executor", (_name, create) => {
  it("follows the topology, and adds up what is to be added", async () => {
    const all = nodes();
    const turn = createTurn(all, initial, clock);
    await create().run(turn, context());
    expect(all.ran).toEqual(["recognise", "plan", "act", "compose"]);
    expect(turn.progress).toMatchObject({ next: end, steps: 4, state: { tokens: { input: 4, output: 8 } } });
  });

  it("goes on from the node that is next", async () => {
    const all = nodes();
    const turn = createTurn(all, initial, clock);
    await turn.step(start, context());
    await turn.step("plan", context());
    await create().run(turn, context());
    expect(all.ran).toEqual(["recognise", "plan", "act", "compose"]);
  });

  it("does nothing for a turn that has ended", async () => {
    const all = nodes();
    const turn = createTurn(all, initial, clock);
    await create().run(turn, context());
    await create().run(turn, context());
    expect(all.ran).toHaveLength(4);
  });

  it("fault 47: a node that throws ends the turn with its error, once", async () => {
    let runs = 0;
    const broken = new TypeError("a defect");
    const turn = createTurn(
      nodes({
        async act() {
          runs += 1;
          throw broken;
        },
      }),
      initial,
      clock,
    );
    const failure: unknown = await create()
      .run(turn, context())
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NodeFailure);
    expect(failure).toMatchObject({ cause: broken });
    expect(runs).toBe(1);
    expect(turn.progress.next).toBe("act");
  });

  it("fault 47: a turn that goes round in circles stops at the step limit", async () => {
    const turn = createTurn(nodes(), initial, clock, 2);
    await expect(create().run(turn, context())).rejects.toThrow("taken 2 steps");
  });

  it("does not write over the turn once nobody waits for it", async () => {
    const caller = new AbortController();
    const turn = createTurn(
      nodes({
        async plan() {
          caller.abort(new Error("given up"));
          return { tokens: { input: 100, output: 100 } };
        },
      }),
      initial,
      clock,
    );
    await expect(create().run(turn, { ...context(), signal: caller.signal })).rejects.toThrow();
    expect(turn.progress).toMatchObject({ next: "plan", state: { tokens: { input: 1 } } });
  });
});

describe("topology", () => {
  it("ends on every way, and no node is named like a field of the state", () => {
    const ways = (name: string, seen: readonly string[]): readonly (readonly string[])[] =>
      name === end
        ? [seen]
        : successors[name as keyof typeof successors].flatMap((next) => ways(next, [...seen, name]));
    expect(ways(start, []).every((way) => way.length <= 4)).toBe(true);
    expect(nodeNames.filter((name) => name in initial)).toEqual([]);
  });
});
