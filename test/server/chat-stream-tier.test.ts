import { createServer } from "node:http";
import express from "express";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { Chat, ChatRequest } from "../../src/graph/chat-types.ts";
import { listenOn } from "../../src/rehearsal/listen.ts";
import { chatRoutes } from "../../src/server/chat-routes.ts";
import { createProblemHandler } from "../../src/server/problem-handler.ts";
import type { ServerDeps } from "../../src/server/server-deps.ts";
import { createTurnLimit } from "../../src/server/turn-limit.ts";
import { chatReply, idleOperations, postJson, recordingLog } from "./test-server.ts";

/** The two routes alone, for a key of that tier. */
async function rig(tier: string | null, tiers: readonly string[]) {
  const asked: ChatRequest[] = [];
  const chat: Chat = {
    run(request, emit) {
      asked.push(request);
      emit?.({ type: "meta", sessionId: "ses_1", turnId: "t" });
      return Promise.resolve(chatReply(request));
    },
  };
  const log = recordingLog();
  const settings = { maxDeadlineMs: 1_000, maxBodyBytes: { chat: 10_000, documents: 0 } };
  const { stopping } = idleOperations;
  const newId = () => "0".repeat(32);
  const deps = { chat, settings, stopping, clock: systemClock, log, newId } as unknown as ServerDeps;
  const app = express();
  for (const route of chatRoutes(deps, { tiers: () => tiers, turns: createTurnLimit(1) })) {
    app[route.method](route.path, (request, response) =>
      route.run({
        request,
        response,
        principal: { keyId: "k", roles: new Set(["user"]), tier },
        callerKey: "k",
        context: createContext({ clock: systemClock, requestId: "r", deadlineMs: 1_000 }),
      }),
    );
  }
  app.use(createProblemHandler(log));
  const { url, close } = await listenOn(createServer(app), 0);
  onTestFinished(close);
  return {
    asked,
    ask: (path: string, asks: string | undefined) =>
      postJson(`${url}/api/v1/${path}`, { message: "hi", ...(asks !== undefined && { tier: asks }) }),
  };
}

const tiers = ["premium", "standard", "small"];

describe.each(["chat", "chat/stream"])("the tier of POST /api/v1/%s", (path) => {
  it.each([
    ["that of the key", "standard", undefined, "standard"],
    ["a lower one that is asked for", "standard", "small", "small"],
    ["any that is asked for, for a key without one", null, "premium", "premium"],
    ["none for a key without one", null, undefined, undefined],
  ])("is %s", async (_name, key, asks, wanted) => {
    const server = await rig(key, tiers);
    expect((await server.ask(path, asks)).status).toBe(200);
    expect(server.asked.map(({ tier }) => tier)).toEqual([wanted]);
  });

  it.each([
    ["above the key's", "standard", "premium"],
    ["that there is not", null, "gold"],
  ])("is refused when it is one %s", async (_name, key, asks) => {
    const server = await rig(key, tiers);
    const refused = await server.ask(path, asks);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: "invalid_request", field: "tier" });
    expect(server.asked).toEqual([]);
  });
});
