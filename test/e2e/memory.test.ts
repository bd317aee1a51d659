import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { tenTurns } from "../../src/rehearsal/ten-turns.ts";
import { testApp } from "../support/test-app.ts";

setFlagsFromString("--expose-gc");
// Optimised code lies on the heap too, comes when the machine has time for it, and goes again: up to a megabyte in a few hundred turns.
// Without it the heap grows by some ten kilobytes at most.
setFlagsFromString("--no-opt");
if (Number.parseInt(process.versions.node, 10) >= 22) setFlagsFromString("--no-maglev");
setFlagsFromString("--no-flush-bytecode");
const collect: unknown = runInNewContext("gc");

function heapMb(): number {
  if (typeof collect !== "function") throw new Error("there is no garbage collector to call");
  for (let round = 0; round < 3; round += 1) Reflect.apply(collect, undefined, []);
  return process.memoryUsage().heapUsed / 2 ** 20;
}

it("holds no more after many turns in many sessions than after a few: what is kept is on the disk", async () => {
  const directory = mkdtempSync(join(tmpdir(), "understudy-"));
  const app = await testApp({}, { DATA_DIR: directory });
  const messages = tenTurns.flat();
  const talk = async (turns: number) => {
    let sessionId: string | undefined;
    for (let turn = 0; turn < turns; turn += 1) {
      if (turn % messages.length === 0) sessionId = undefined;
      const reply = await app.chat.run({
        requestId: "r",
        owner: { keyId: "k", user: "guest" },
        message: messages[turn % messages.length] ?? "",
        signal: new AbortController().signal,
        ...(sessionId !== undefined && { sessionId }),
      });
      sessionId = reply.sessionId;
    }
  };
  await talk(400);
  const grown: number[] = [];
  for (let span = 0; span < 3; span += 1) {
    const before = heapMb();
    await talk(100);
    grown.push(heapMb() - before);
  }
  // Less than 0.5 kB a turn: a reply that somebody kept would be more. What is kept shows in every span, so what is let go in one hides none.
  expect(Math.max(...grown)).toBeLessThan(0.05);
  await app.close();
  rmSync(directory, { recursive: true });
  // Seven hundred turns, on a busy machine.
}, 180_000);
