import { describe, expect, it } from "vitest";
import { escalationAfterAct, escalationBeforePlan } from "../../../src/graph/rules/escalation.ts";
import { isOpen } from "../../../src/graph/rules/working-hours.ts";
import { recognitionOf, stateOf } from "../nodes/bench.ts";

describe("escalation before the plan", () => {
  const request = recognitionOf({ intents: ["human_request"] });
  const anger = (emotionScore: number) => recognitionOf({ emotion: "anger", emotionScore });

  it("puts an explicit request before anger, and anger before failures", () => {
    const all = { ...request, emotion: "anger" as const, emotionScore: 5 };
    expect(escalationBeforePlan(stateOf({ recognition: all, failures: 2 }))).toBe("user_request");
    expect(escalationBeforePlan(stateOf({ recognition: anger(5), failures: 2 }))).toBe("strong_anger");
    expect(escalationBeforePlan(stateOf({ recognition: anger(4), failures: 2 }))).toBe("repeated_failure");
  });

  it("wants a score of 5 and two failures", () => {
    expect(escalationBeforePlan(stateOf({ recognition: anger(4) }))).toBeUndefined();
    expect(escalationBeforePlan(stateOf({ recognition: recognitionOf(), failures: 1 }))).toBeUndefined();
    expect(escalationBeforePlan(stateOf({ recognition: recognitionOf(), failures: 2 }))).toBe("repeated_failure");
    const order = recognitionOf({ intents: ["business_query"] });
    expect(escalationBeforePlan(stateOf({ recognition: order, failures: 2 }))).toBeUndefined();
    const both = recognitionOf({ intents: ["business_query", "knowledge_qa"] });
    expect(escalationBeforePlan(stateOf({ recognition: both, failures: 2 }))).toBe("repeated_failure");
    const anxious = recognitionOf({ emotion: "anxiety", emotionScore: 5 });
    expect(escalationBeforePlan(stateOf({ recognition: anxious }))).toBeUndefined();
  });

  it("lets small talk pass after failures", () => {
    const thanks = recognitionOf({ intents: ["chitchat"] });
    expect(escalationBeforePlan(stateOf({ recognition: thanks, failures: 5 }))).toBeUndefined();
  });
});

describe("escalation after the tools", () => {
  const result = (name: string, status: "found" | "unavailable" = "found") => ({ name, status, data: null });

  it("puts an unreachable business system before complexity", () => {
    const results = [result("query_order", "unavailable"), result("search_knowledge"), result("open_ticket")];
    expect(escalationAfterAct(stateOf({ results }))).toBe("business_unreachable");
  });

  it("counts different tools, three of which are complex", () => {
    const two = [result("query_order"), result("query_order"), result("search_knowledge")];
    expect(escalationAfterAct(stateOf({ results: two }))).toBeUndefined();
    expect(escalationAfterAct(stateOf({ results: [...two, result("open_ticket")] }))).toBe("complex");
  });

  it("hands over when a return cannot be shown, not when a confirmed one was not sent or is in doubt", () => {
    const change = (status: "unavailable" | "unsent" | "unconfirmed") => ({
      name: "create_return",
      status,
      data: null,
    });
    expect(escalationAfterAct(stateOf({ results: [change("unavailable")] }))).toBe("business_unreachable");
    expect(escalationAfterAct(stateOf({ results: [change("unsent")] }))).toBeUndefined();
    expect(escalationAfterAct(stateOf({ results: [change("unconfirmed")] }))).toBeUndefined();
  });

  it("does not count an offer that was left", () => {
    const left = { name: "create_return", status: "dropped" as const, data: null };
    const results = [result("query_order"), result("search_knowledge"), left];
    expect(escalationAfterAct(stateOf({ results }))).toBeUndefined();
  });

  it("does not hand over because knowledge cannot be searched", () => {
    expect(escalationAfterAct(stateOf({ results: [result("search_knowledge", "unavailable")] }))).toBeUndefined();
  });
});

describe("working hours", () => {
  const hours = { startHour: 9, endHour: 18, timezone: "Asia/Shanghai" };

  it.each([
    ["2026-06-29T08:59:59+08:00", false],
    ["2026-06-29T09:00:00+08:00", true],
    ["2026-06-29T17:59:59+08:00", true],
    ["2026-06-29T18:00:00+08:00", false],
    ["2026-06-29T00:00:00+08:00", false],
  ])("%s: %s", (at, expected) => {
    expect(isOpen(hours, new Date(at))).toBe(expected);
  });

  it("may be all day, span midnight, or be none", () => {
    const at = (hour: string) => new Date(`2026-06-29T${hour}:00Z`);
    expect(isOpen({ startHour: 0, endHour: 24, timezone: "UTC" }, at("23:59"))).toBe(true);
    expect(isOpen({ startHour: 22, endHour: 6, timezone: "UTC" }, at("23:00"))).toBe(true);
    expect(isOpen({ startHour: 22, endHour: 6, timezone: "UTC" }, at("06:00"))).toBe(false);
    expect(isOpen(null, at("03:00"))).toBe(true);
  });
});
