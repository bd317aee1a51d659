/** Long work in small steps: each yields how many characters it went through, as much as looking at so many takes. */
export type Steps<T> = Generator<number, T, void>;

/** What the steps come to, one directly after the other. */
export function atOnce<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
