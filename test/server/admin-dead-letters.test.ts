import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { DeadLetter, DeadLetters } from "../../src/fallbacks/store/dead-letters.ts";
import { idleOperations, postJson, recordingLog, startServer } from "./test-server.ts";

const PATH = "/api/v1/admin/dead-letters";
const letter: DeadLetter = {
  key: "dead/2026-01-15T10:00:00.000Z/0000000000000001",
  at: "2026-01-15T10:00:00.000Z",
  reason: "conflict at ses_1",
  operation: undefined,
  raw: { reason: "conflict at ses_1", entry: { words: "你好" } },
};

/** A list of letters of which one is taken by the shared store when it is sent again. */
function lettersOf(...there: DeadLetter[]): DeadLetters {
  const letters = new Map(there.map((each) => [each.key, each]));
  return {
    listDead: async (limit) => [...letters.values()].slice(0, limit),
    async retryDead(key) {
      if (!letters.delete(key)) throw new LayerError("invalid_request", "no such letter");
      return { status: "applied" };
    },
    dropDead: async (key) => letters.delete(key),
  };
}

async function start(deadLetters?: DeadLetters) {
  const log = recordingLog();
  const { deadLetters: _none, ...operate } = idleOperations.operate;
  const { url } = await startServer({ log, operate: { ...operate, ...(deadLetters && { deadLetters }) } });
  const list = async () => (await (await fetch(url + PATH)).json()) as { items: { key: string }[] };
  return { url, log, list };
}

describe("dead letters", () => {
  it("are shown as they are kept, sent again once, and dropped", async () => {
    const other = { ...letter, key: "dead/x" };
    const { url, log, list } = await start(lettersOf(letter, other));
    expect((await list()).items[0]).toEqual({
      key: letter.key,
      at: letter.at,
      reason: letter.reason,
      content: letter.raw,
    });
    expect(await (await postJson(`${url}${PATH}/retry`, { key: letter.key })).json()).toEqual({ applied: true });
    expect((await list()).items.map(({ key }) => key)).toEqual(["dead/x"]);
    expect(await (await postJson(`${url}${PATH}/drop`, { key: "dead/x" })).json()).toEqual({ dropped: true });
    expect(await (await postJson(`${url}${PATH}/drop`, { key: "dead/x" })).json()).toEqual({ dropped: false });
    expect((await list()).items).toEqual([]);
    expect(log.lines.filter(({ message }) => message.startsWith("audit:"))).toHaveLength(3);
  });

  it.each([
    ["with letters", lettersOf(letter)],
    ["with one store only", undefined],
  ])("%s, a key that is none is refused by name", async (_which, letters) => {
    const { url } = await start(letters);
    const response = await postJson(`${url}${PATH}/retry`, { key: "dead/none" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_request", field: "key" });
  });
});
