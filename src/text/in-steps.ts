import { atOnce, type Steps } from "./steps.ts";

/** Something that is made once, when it is first asked for or in small steps before. */
export interface MadeInSteps<T> {
  /** What is not done of it by now is done at once. @throws what the making throws; the next call begins anew. */
  readonly get: () => T;
  /** Makes it ready in small steps, for where nothing else may wait that long. Several that go on at a time share the work. */
  readonly load: () => Steps<T>;
}

export function madeInSteps<T extends object>(make: () => Steps<T>): MadeInSteps<T> {
  let made: T | undefined;
  /** What is still to be done, by whoever goes on first. */
  let making: Steps<T> | undefined;

  function* load(): Steps<T> {
    while (made === undefined) {
      making ??= make();
      const step = next(making);
      if (!step.done) yield step.value;
      else {
        made = step.value;
        // It holds on to what it worked with.
        making = undefined;
      }
    }
    return made;
  }

  function next(steps: Steps<T>): IteratorResult<number, T> {
    try {
      return steps.next();
    } catch (error) {
      making = undefined;
      throw error;
    }
  }

  return { load, get: () => made ?? atOnce(load()) };
}
