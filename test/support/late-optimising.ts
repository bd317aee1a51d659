/**
 * Flags for the Node of tests and of the processes that they start: code is optimised when it has run some thirty times (Node 20) or ten
 * times (Node 22) as much as by default. Most of what a test loads runs for a second or two, and up to a fifth of the processor time went
 * into optimising what was hardly used any more; what does run for long is optimised all the same. Later lines compile in smaller steps,
 * and gain nothing by it.
 */
export const optimisingLate: readonly string[] = flagsOf(process.versions.node);

function flagsOf(version: string): readonly string[] {
  const major = Number.parseInt(version, 10);
  if (major < 22) return ["--interrupt-budget=2000000"];
  return major === 22 ? ["--invocation-count-for-turbofan=30000"] : [];
}
