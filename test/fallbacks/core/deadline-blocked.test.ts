import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createBreaker } from "../../../src/fallbacks/core/breaker.ts";
import { systemClock as clock } from "../../../src/fallbacks/core/clock.ts";
import { within } from "../../../src/fallbacks/core/deadline.ts";

const LIMIT_MS = 50;
const open: (Server | Socket)[] = [];
afterEach(() => {
  for (const each of open.splice(0))
    if ("destroy" in each) each.destroy();
    else each.close();
});

/** Both ends of a connection over loopback. */
async function connected(): Promise<{ readonly server: Socket; readonly client: Socket }> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listener, "connection")) as [Socket];
  open.push(listener, client, server);
  return { server, client };
}

/** Keeps the event loop busy for several times the limit. */
function block(): void {
  const until = clock.now() + 5 * LIMIT_MS;
  while (clock.now() < until);
}

/** Waits for the client's data under limits while the event loop is held up, once with an answer on its way and once without. */
async function answerWhileBlocked(answers: boolean, limits: { ms: number; firstMs?: number; idleMs?: number }) {
  const { server, client } = await connected();
  const breaker = createBreaker({ clock, random: Math.random, failureThreshold: 1 });
  const permit = breaker.acquire();
  if (answers) await new Promise<void>((resolve) => server.write("answer", () => resolve()));
  const outcome = within({ clock, signal: new AbortController().signal, ...limits }, async (_, idle) => {
    const [data] = (await once(client, "data")) as [Buffer];
    idle.begin();
    return String(data);
  }).then(
    (value) => {
      permit?.succeed();
      return value;
    },
    (error: Error) => {
      permit?.fail();
      return error.message;
    },
  );
  block();
  return { outcome: await outcome, state: breaker.state };
}

describe("fault 63: the event loop is held up for longer than a limit", () => {
  it.each([
    ["the whole", { ms: LIMIT_MS }],
    ["the first content", { ms: 60_000, firstMs: LIMIT_MS }],
    ["silence", { ms: 60_000, idleMs: LIMIT_MS }],
  ])("hears an answer that has arrived meanwhile before it looks at the time: %s", async (_, limits) => {
    for (let i = 0; i < 5; i += 1) {
      expect(await answerWhileBlocked(true, limits)).toEqual({ outcome: "answer", state: "closed" });
    }
  });

  it("still ends the wait for one that has not", async () => {
    expect(await answerWhileBlocked(false, { ms: LIMIT_MS })).toEqual({
      outcome: `no answer within ${LIMIT_MS} ms`,
      state: "open",
    });
  });
});
