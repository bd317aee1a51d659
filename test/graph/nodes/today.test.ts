import { describe, expect, it } from "vitest";
import { todayText } from "../../../src/graph/nodes/today.ts";

describe("the day that a model is told", () => {
  it("is that of the time zone, with its weekday, to the last moment of the day", () => {
    const before = new Date("2026-01-15T15:59:59.999Z");
    const after = new Date("2026-01-15T16:00:00.000Z");
    expect(todayText(before, "Asia/Shanghai")).toBe("Today is Thursday, 2026-01-15 (time zone Asia/Shanghai).");
    expect(todayText(after, "Asia/Shanghai")).toBe("Today is Friday, 2026-01-16 (time zone Asia/Shanghai).");
    expect(todayText(after, "UTC")).toBe("Today is Thursday, 2026-01-15 (time zone UTC).");
    expect(todayText(new Date("2026-01-05T02:00:00Z"), "America/New_York")).toBe(
      "Today is Sunday, 2026-01-04 (time zone America/New_York).",
    );
  });
});
