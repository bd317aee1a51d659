import { expect, it } from "vitest";
import { createUnits } from "../../src/text/units.ts";

it("are those of the text that was read last, short or long, paired or not", () => {
  const units = createUnits();
  for (const text of ["", "refund", "退款 é", "a𠀋\ud800", "x".repeat(300_000), "again", "款".repeat(5_000)]) {
    const length = units.read(text);
    expect(length).toBe(text.length);
    expect(String.fromCharCode(...units.codes.subarray(0, Math.min(length, 10_000)))).toBe(text.slice(0, 10_000));
  }
});

it("do not keep the room of a long text for the next one", () => {
  const units = createUnits();
  units.read("x".repeat(300_000));
  units.read("x");
  expect(units.codes.length).toBeLessThan(10_000);
});
