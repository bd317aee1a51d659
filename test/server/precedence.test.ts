import { expect, it } from "vitest";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { parseApiKeys } from "../../src/accounts/keys.ts";
import type { Chat } from "../../src/graph/chat-types.ts";
import type { Precedence } from "../../src/retrieval/precedence.ts";
import { chatReply, gate, keyOf, postJson, startServer, testKeys } from "./test-server.ts";

/** Says how many are in. */
function counting() {
  const counts = { entered: 0, left: 0 };
  const precedence: Precedence = {
    enter() {
      counts.entered += 1;
      return () => {
        counts.left += 1;
      };
    },
    lift: () => () => {},
  };
  return { counts, precedence };
}

it("a turn goes before documents from the moment that its request is let in until it is answered, by whichever route", async () => {
  const { counts, precedence } = counting();
  let seen: object[] = [];
  const begun = gate();
  const chat: Chat = {
    async run(request) {
      seen.push({ ...counts });
      await begun.opened;
      return chatReply(request);
    },
  };
  const { url } = await startServer({ chat, precedence });
  begun.open();
  const asked = [
    ["/api/v1/chat", { message: "Hello" }],
    ["/api/v1/chat/stream", { message: "Hello" }],
    ["/v1/chat/completions", { model: "understudy", messages: [{ role: "user", content: "Hello" }] }],
  ] as const;
  for (const [at, [path, body]] of asked.entries()) {
    const response = await postJson(`${url}${path}`, body);
    await response.text();
    expect([path, response.status, seen.at(-1)]).toEqual([path, 200, { entered: at + 1, left: at }]);
  }
  expect(counts).toEqual({ entered: 3, left: 3 });
  seen = [];
  // One that is refused is done too.
  expect((await postJson(`${url}/api/v1/chat`, { message: 7 })).status).toBe(400);
  expect([counts, seen]).toEqual([{ entered: 4, left: 4 }, []]);
});

it("nothing else does, nor does whoever is not let in", async () => {
  const { counts, precedence } = counting();
  const accounts = createAccounts({ mode: "required", keys: parseApiKeys(testKeys) });
  const { url } = await startServer({ precedence, accounts });
  await (await fetch(`${url}/health`)).text();
  await (await fetch(`${url}/api/v1/knowledge/documents`, { headers: { "x-api-key": keyOf("admin") } })).text();
  await postJson(`${url}/api/v1/chat`, { message: "Hello" }, { authorization: "Bearer nobody" });
  expect(counts).toEqual({ entered: 0, left: 0 });
});
