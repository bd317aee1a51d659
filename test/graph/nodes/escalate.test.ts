import { describe, expect, it } from "vitest";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createMockModel } from "../../../src/fallbacks/llm/mock.ts";
import type { Json } from "../../../src/fallbacks/store/port.ts";
import { createEscalate } from "../../../src/graph/nodes/escalate.ts";
import type { WorkingHours } from "../../../src/graph/rules/working-hours.ts";
import { nothingKnown } from "../../../src/graph/tools/send-change.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import {
  contextOf,
  createTicketList,
  layerOf,
  packs,
  recognitionOf,
  searchOf,
  shownText,
  sourceOf,
  stateOf,
} from "./bench.ts";

const request = recognitionOf({ intents: ["human_request"] });
const furious = recognitionOf({ intents: ["emotion_sensitive"], emotion: "anger", emotionScore: 5, language: "zh" });
const history = ["a", "b", "c", "d"].map((user) => ({ user, bot: `bot ${user}`, intent: "knowledge_qa" as const }));

interface Options {
  readonly workingHours?: WorkingHours;
  readonly at?: string;
  readonly handoffs?: LayerError;
}

function rig({ workingHours, at, handoffs }: Options = {}) {
  const cards: Json[] = [];
  const operations: string[] = [];
  const reports: unknown[] = [];
  const tickets = createTicketList();
  const clock = createManualClock();
  if (at !== undefined) clock.setWall(new Date(at));
  const escalate = createEscalate({
    llm: layerOf("llm", createMockModel()),
    packs,
    tickets,
    handoffs: {
      async create(card, { operationId }) {
        if (handoffs) throw handoffs;
        cards.push(card);
        operations.push(operationId);
      },
    },
    workingHours: workingHours ?? null,
    clock,
    report: (error) => void reports.push(error),
  });
  return { escalate, cards, operations, reports, tickets };
}

describe("the hand-off", () => {
  it("stores a card with what an agent needs", async () => {
    const { escalate, cards, operations, tickets } = rig();
    const context = contextOf();
    await tickets.open(
      { operationId: "x", owner: "guest", category: "product", priority: "low", problem: "p", language: "en" },
      context,
    );
    context.trail.note({ layer: "vectors", mode: "lower", by: "memory", reason: "error", since: new Date(0) });
    const state = stateOf({
      seq: 9,
      message: "human please",
      history,
      recognition: request,
      slots: { orderId: "LK20260142" },
    });
    const { card, reply } = await escalate(state, context);
    expect(card).toMatchObject({
      handoffId: expect.stringMatching(/^ho_[0-9a-f]{20}$/),
      sessionId: "session-1",
      user: "guest",
      reason: "user_request",
      priority: "urgent",
      turns: 9,
      lastReplies: ["bot b", "bot c", "bot d"],
      tickets: ["TK-00000001"],
      degradation: [{ layer: "vectors", mode: "lower" }],
    });
    expect(card?.summary).toContain("LK20260142");
    expect(card?.summary).toContain("human please");
    expect(cards).toEqual([card]);
    expect(operations).toEqual(["session-1:turn-1:handoff"]);
    expect(reply).toMatchObject({ text: packs.en.replies.handoff, by: "mock", resolved: true, sources: [] });
    expect(shownText(context.events)).toBe(reply?.text);
  });

  it("soothes first, in the user's language", async () => {
    const { reply } = await rig().escalate(stateOf({ message: "气死我了", recognition: furious }), contextOf());
    expect(reply?.text).toBe(`${packs.zh.replies.soothe.anger}\n\n${packs.zh.replies.handoff}`);
  });

  it("leaves what was offered, remembers what is in doubt, and says what became of a change", async () => {
    const change = { tool: "create_return", arguments: { order_id: "LK1" }, operationId: "o", shownAt: "2026-01-15" };
    const data = { ...nothingKnown, orderId: "LK1" };
    const state = stateOf({
      recognition: request,
      slots: { orderId: "LK1", offer: change, unconfirmed: [change] },
      results: [
        { name: "query_order", status: "unavailable", data: null },
        { name: "create_return", status: "unconfirmed", data },
        { name: "create_return", status: "offered", data },
      ],
    });
    const { slots, reply, card } = await rig().escalate(state, contextOf());
    expect(slots).toEqual({ orderId: "LK1", unconfirmed: [change] });
    expect(card?.summary).toContain("Numbers: LK1.");
    const words = packs.en.changes.unconfirmed.replace("{change}", "the return of order LK1");
    const { businessUnavailable, handoff } = packs.en.replies;
    expect(reply?.text).toBe(`${businessUnavailable}\n\n${words}\n\n${handoff}`);
  });

  it("does not lose what the tools brought back", async () => {
    const results = [
      { name: "search_knowledge", status: "found" as const, data: { query: "q", search: searchOf("Thirty days.") } },
      { name: "query_order", status: "unavailable" as const, data: null },
    ];
    const { card, reply } = await rig().escalate(stateOf({ recognition: recognitionOf(), results }), contextOf());
    expect(card).toMatchObject({ reason: "business_unreachable", priority: "high" });
    const { businessUnavailable, handoff } = packs.en.replies;
    expect(reply?.text).toBe(`Thirty days.\n\n${businessUnavailable}\n\n${handoff}`);
    expect(reply?.sources.map(({ quote }) => quote)).toEqual(["Thirty days."]);
  });

  it("names no places to look at: a person takes over what was not known", async () => {
    const search = { ...searchOf(), related: [sourceOf("All about large items.")] };
    const results = [{ name: "search_knowledge", status: "not_found" as const, data: { query: "q", search } }];
    const { reply } = await rig().escalate(stateOf({ recognition: request, results }), contextOf());
    expect(reply).toMatchObject({ text: packs.en.replies.handoff, related: [], unanswered: [{ question: "q" }] });
  });

  it("is not promised when it cannot be saved", async () => {
    const { escalate, reports } = rig({ handoffs: new LayerError("network", "no store") });
    const { card, reply } = await escalate(stateOf({ recognition: request }), contextOf());
    expect(card).toBeNull();
    expect(reply).toMatchObject({ text: packs.en.replies.handoffUnsaved, resolved: false });
    expect(reports).toHaveLength(1);
  });

  it("needs a reason", async () => {
    await expect(rig().escalate(stateOf({ recognition: recognitionOf() }), contextOf())).rejects.toThrow(/no reason/);
  });
});

describe("outside working hours", () => {
  const workingHours = { startHour: 9, endHour: 18, timezone: "Asia/Shanghai" };

  it.each([
    ["08:59:59", "ticket"],
    ["09:00:00", "card"],
    ["17:59:59", "card"],
    ["18:00:00", "ticket"],
  ])("at %s anger becomes a %s", async (time, expected) => {
    const { escalate, tickets } = rig({ workingHours, at: `2026-06-29T${time}+08:00` });
    const { card, reply } = await escalate(stateOf({ message: "气死我了，垃圾", recognition: furious }), contextOf());
    expect(card === null ? "ticket" : "card").toBe(expected);
    expect(tickets.inputs).toHaveLength(expected === "ticket" ? 1 : 0);
    if (expected === "ticket") {
      expect(tickets.inputs[0]).toMatchObject({ priority: "urgent", problem: "气死我了，垃圾", language: "zh" });
      expect(reply?.text).toContain("TK-00000001");
      expect(reply?.text).toContain("9:00");
      expect(reply?.resolved).toBe(true);
    }
  });

  it("an explicit request is handed over all the same, and told when people are there", async () => {
    const { escalate, cards } = rig({ workingHours, at: "2026-06-29T23:30:00+08:00" });
    const { reply } = await escalate(stateOf({ recognition: request }), contextOf());
    expect(cards).toHaveLength(1);
    expect(reply?.text).toContain("from 9:00 to 18:00 (Asia/Shanghai)");
  });
});
