import { afterEach, describe, expect, it } from "vitest";
import { CALLS_OF_A_TURN, type ModelRig, names, startModelRig } from "./model-rig.ts";

let rig: ModelRig;
afterEach(() => rig.close());

describe("a chain of three providers", () => {
  it("each takes over from the one before, in its own protocol, and says the same", async () => {
    rig = await startModelRig({ models: 3, providers: ["anthropic", "google", "ollama"] });
    const asked = () => names.map((name) => rig.fake(name).requests.filter(({ method }) => method === "POST").length);
    const before = asked();
    const replies = new Set<string>();
    for (const [index, fault] of ["529", "429-hint-30", undefined].entries()) {
      const answer = await rig.ask();
      expect(answer).toMatchObject({ status: 200, servedBy: names[index] });
      replies.add(answer.body.reply);
      const name = names[index];
      if (name && fault !== undefined) rig.fake(name).fault(fault);
    }
    expect(replies.size).toBe(1);
    const calls = asked().map((count, index) => count - (before[index] ?? 0));
    expect(calls).toEqual([CALLS_OF_A_TURN + 2, CALLS_OF_A_TURN + 1, CALLS_OF_A_TURN]);
    expect(await rig.restMs("secondary")).toBe(30_000);
    expect((await rig.health()).llm.by).toBe("tertiary");
    rig.fake("secondary").fault(undefined);
    await rig.recovers(60_000);
  });
});
