import { afterAll, beforeAll, expect, it } from "vitest";
import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";
import type { Answer, Api, Reply, TurnBody } from "../../src/rehearsal/kill/api.ts";
import { digestOf } from "../../src/rehearsal/kill/witness.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Instance, type Instances, startInstances } from "./cluster-rig.ts";

const LIMIT_MS = 120_000;

let redis: RedisServer;
let model: FakeModel;
let instances: Instances;

/** Starts a turn as a stream; resolves when the first server has said that it runs. */
async function begin(api: Api, body: TurnBody): Promise<{ readonly answer: Promise<Answer<Reply>> }> {
  let begun: () => void = () => {};
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const answer = api.stream(body, () => begun());
  await Promise.race([running, answer]);
  return { answer };
}

function replyOf(answer: Answer<Reply>): Reply {
  if (answer.kind === "ok") return answer.body;
  throw new Error(`there is no reply: ${JSON.stringify(answer)}`);
}

function question(turnId: string, message = "How long is the warranty?"): TurnBody {
  return { message, turn_id: turnId, user: turnId };
}

describeWithRedis("a turn that runs in one of two servers on one Redis", () => {
  beforeAll(async () => {
    const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));
    [redis, model] = await Promise.all([
      startRedis({ args: ["--appendonly", "yes"] }),
      startFakeModel({ answer: createRehearsedAnswer(packs) }),
    ]);
    instances = await startInstances({
      count: 2,
      environment: () => ({ REDIS_URL: redis.url, LLM_BASE_URL: model.url, LLM_MODEL: "fault-drip-150" }),
    });
  }, LIMIT_MS);
  afterAll(async () => {
    await instances?.close();
    await Promise.all([redis?.close(), model?.close()]);
  });

  it(
    "is joined at the other one: as a stream and whole, the same answer, and one turn of a model",
    async () => {
      const [one, two] = instances.all as [Instance, Instance];
      const asked = () => model.count("/v1/chat/completions");
      const alone = question("alone");
      replyOf(await one.api.chat(alone));
      const ofOneTurn = asked();
      expect(ofOneTurn).toBeGreaterThan(0);
      // Another message: what was understood of the first one is remembered.
      const body = question("joined", "Who pays the postage of a return?");
      const running = await begin(one.api, body);
      const others = await Promise.all([two.api.stream(body, () => {}), two.api.chat(body)]);
      const replies = [replyOf(await running.answer), ...others.map(replyOf)];
      expect(new Set(replies.map(digestOf)).size).toBe(1);
      expect(asked()).toBe(2 * ofOneTurn);
      const turns = await two.api.turns(body.user, replies[0]?.session_id ?? "");
      expect(turns).toMatchObject({ kind: "ok", body: [{ turn_id: "joined", status: "done" }] });
    },
    LIMIT_MS,
  );

  it(
    "fault 54: is run anew at the other one when its server is killed, and is there once",
    async () => {
      const [one, two] = instances.all as [Instance, Instance];
      const body = question("orphan");
      const running = await begin(one.api, body);
      const joined = two.api.stream(body, () => {});
      await one.kill();
      expect((await running.answer).kind).toBe("lost");
      const reply = replyOf(await joined);
      await one.start();
      for (const { api } of [one, two]) {
        expect(await api.sessions(body.user)).toEqual({ kind: "ok", body: [reply.session_id] });
        const turns = await api.turns(body.user, reply.session_id);
        expect(turns).toMatchObject({ kind: "ok", body: [{ turn_id: "orphan", status: "done", seq: 1 }] });
        expect(digestOf(replyOf(await api.chat(body)))).toBe(digestOf(reply));
      }
    },
    LIMIT_MS,
  );
});
