import { expect, it } from "vitest";
import { createRetryBudget } from "../../../src/fallbacks/core/retry-budget.ts";

it("stops retries when five calls more have failed than fifty have succeeded, and allows them again after successes", () => {
  const budget = createRetryBudget();
  for (let call = 0; call < 4; call += 1) budget.failed();
  expect(budget.allows).toBe(true);
  budget.failed();
  expect(budget.allows).toBe(false);
  for (let call = 0; call < 20; call += 1) budget.failed();
  expect(budget.tokens).toBe(0);
  for (let call = 0; call < 50; call += 1) budget.succeeded();
  expect(budget.tokens).toBeCloseTo(5, 6);
  budget.succeeded();
  expect(budget.allows).toBe(true);
  for (let call = 0; call < 200; call += 1) budget.succeeded();
  expect(budget.tokens).toBe(10);
});
