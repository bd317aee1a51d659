import { expect, it } from "vitest";
import { madeInSteps } from "../../src/text/in-steps.ts";
import { atOnce } from "../../src/text/steps.ts";

/** Made of three steps, and what was done of it. */
function counted() {
  const done: string[] = [];
  const made = madeInSteps(function* () {
    for (const step of ["a", "b", "c"]) {
      done.push(step);
      yield 1;
    }
    return done;
  });
  return { done, made };
}

it("is made once, by whoever goes on first: in steps, or at once what is left", () => {
  const { done, made } = counted();
  const [one, other] = [made.load(), made.load()];
  one.next();
  other.next();
  expect(done).toEqual(["a", "b"]);
  expect(made.get()).toEqual(["a", "b", "c"]);
  expect([one.next().done, other.next().done]).toEqual([true, true]);
  expect(made.get()).toBe(atOnce(made.load()));
  expect(done).toHaveLength(3);
});

it("is begun anew by the next one when it failed", () => {
  let fails = true;
  const made = madeInSteps(function* () {
    yield 1;
    if (fails) throw new Error("the disk is away");
    return ["made"];
  });
  expect(() => made.get()).toThrow("the disk is away");
  fails = false;
  expect(made.get()).toEqual(["made"]);
});
