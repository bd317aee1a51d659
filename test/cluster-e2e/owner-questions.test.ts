import { expect, it, onTestFinished, vi } from "vitest";
import { createClient } from "../../src/rehearsal/client.ts";
import { describeWithRedis, startRedis } from "../support/redis-server.ts";
import { type Instance, startInstances } from "./cluster-rig.ts";

const LIMIT_MS = 120_000;
const patience = { timeout: 60_000, interval: 100 };

const clientOf = ({ url }: Instance) => createClient(url);

async function waitForStore(instance: Instance): Promise<void> {
  await vi.waitFor(
    async () => expect(await instance.api.store()).toMatchObject({ kind: "ok", body: { state: "ok", waiting: 0 } }),
    patience,
  );
}

describeWithRedis("questions that two servers on one Redis could not answer", () => {
  it(
    "are shown at either, each once, also those that were asked while Redis was frozen or a server was killed",
    async () => {
      const redis = await startRedis({ args: ["--appendonly", "yes"] });
      onTestFinished(() => redis.close());
      const instances = await startInstances({ count: 2, environment: () => ({ REDIS_URL: redis.url }) });
      onTestFinished(() => instances.close());
      const [one, two] = instances.all as [Instance, Instance];
      const { session_id } = await clientOf(one).chat({ message: "Do you ship stamps to Norway?" });
      await clientOf(two).chat({ message: "do you ship stamps to norway", session_id });
      redis.stop();
      await clientOf(one).chat({ message: "Do you ship stamps to Norway?" });
      await one.kill();
      await one.start();
      redis.cont();
      await clientOf(two).chat({ message: "Do you lend board games?" });
      await Promise.all([one, two].map(waitForStore));
      for (const instance of [one, two]) {
        await vi.waitFor(async () => {
          const { items, questions } = await clientOf(instance).unanswered({});
          expect({ questions, counts: items.map(({ count, sessions }) => [count, sessions]) }).toEqual({
            questions: 4,
            counts: [
              [3, 2],
              [1, 1],
            ],
          });
        }, patience);
      }
    },
    LIMIT_MS,
  );
});
