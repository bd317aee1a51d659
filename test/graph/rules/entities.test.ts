import { describe, expect, it } from "vitest";
import { extractEntities } from "../../../src/graph/rules/entities.ts";
import { packs } from "../nodes/bench.ts";

describe("numbers and addresses of a message", () => {
  it.each([
    ["where is lk 20260142?", { orderId: "LK20260142" }],
    ["订单ＬＫ２０２６０１４２到哪了", { orderId: "LK20260142" }],
    ["order number: 1234567890", { orderId: "1234567890" }],
    ["return rt204518 of LK-20260117", { orderId: "LK20260117", returnId: "RT204518" }],
    ["ticket tk-7q2m9xkd", { ticketId: "TK-7Q2M9XKD" }],
    ["call 13800138000", { contact: "13800138000" }],
    ["call 138 0013 8000 about LK20260142", { orderId: "LK20260142", contact: "13800138000" }],
    ["write to Ann.Lee@Example.com", { contact: "ann.lee@example.com" }],
    ["E3 on a 1.7 l kettle bought 2024", {}],
  ])("%j", (message, expected) => {
    expect(extractEntities(message, packs)).toEqual(expected);
  });
});
