import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { type Clock, systemClock } from "../../src/fallbacks/core/clock.ts";
import { createChromaVectors } from "../../src/fallbacks/vectors/chroma.ts";
import { createClient } from "../../src/rehearsal/client.ts";
import type { TurnAnswer } from "../../src/rehearsal/client-wire.ts";
import { nameKey } from "../../src/retrieval/document-names.ts";
import { describeWithChroma } from "../support/chroma-server.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { describeWithRedis } from "../support/redis-server.ts";
import { localModels, remoteEnvironment, type Urls } from "../support/remote-environment.ts";
import {
  type FailureWay,
  type RemoteService,
  type Served,
  served,
  startService,
  ways,
} from "../support/remote-services.ts";
import { createStoppableClock } from "../support/stoppable-clock.ts";
import { dump } from "../support/store-dump.ts";
import { testApp } from "../support/test-app.ts";
import { unhurriedRedis } from "../support/unhurried-redis.ts";

const DEADLINE_MS = 8_000;
/** On top of the deadline: what a turn may take to notice it and say so. */
const CONSTANT_MS = 250;
const BACK_WITHIN_MS = 25_000;

/** Touches every layer that has a server. */
const question = "How long is the warranty? And where is my order LK20260142?";

interface Row {
  readonly layer: Served;
  readonly way: FailureWay;
  readonly by: string;
  readonly mode: string;
  readonly overall: string;
}

/** What it is called, and the reason in the receipt until the breaker is open. */
const words: Readonly<Record<FailureWay, readonly [string, "error" | "timeout"]>> = {
  refuse: ["refuses connections", "error"],
  freeze: ["is frozen (SIGSTOP)", "timeout"],
  kill: ["is killed (SIGKILL)", "error"],
  slow: ["answers after 20 s", "timeout"],
  garbage: ["answers with a web page", "error"],
};

const head = [
  "| layer | its server | answered by | mode | reason in the receipt | `/health` says | back by itself |",
  "|---|---|---|---|---|---|---|",
];

describeWithRedis("outages of real servers", () => {
  describeWithChroma("and what comes of them", () => {
    const healthy = new Map<Served, RemoteService>();
    const rows: Row[] = [];
    /** For whoever suffers an outage of the other of the two. */
    let secondChroma: RemoteService | undefined;
    let secondRedis: RemoteService | undefined;
    let models: Awaited<ReturnType<typeof localModels>>;

    beforeAll(async () => {
      models = await localModels();
      secondChroma = await startService("vectors");
      secondRedis = await startService("store");
      await Promise.all(
        served.map(async (layer) => {
          healthy.set(layer, await startService(layer));
        }),
      );
    }, 60_000);

    afterAll(async () => {
      for (const service of healthy.values()) await service.close();
      await secondChroma?.close();
      await secondRedis?.close();
      await models.remove();
    });

    const urlsWith = (layer: Served, service: RemoteService): Urls => {
      const urls = served.map((name) => [name, (name === layer ? service : healthy.get(name))?.url]);
      return {
        ...(Object.fromEntries(urls) as Urls),
        // Servers that share an index share a store: one with a Redis of its own would take the others' documents for gone.
        ...(layer === "store" && { vectors: secondChroma?.url ?? "" }),
        // And the other way round: what one with a Chroma of its own adds for the others would be in no index of theirs.
        ...(layer === "vectors" && { store: secondRedis?.url ?? "" }),
      };
    };

    /** A server of its own, with every layer on its first port. */
    async function start(urls: Urls, directory: string, clock: Clock = systemClock) {
      const app = await testApp(
        // The shortest open times of a breaker: half a second at first.
        { clock, random: () => 0, newId: () => crypto.randomUUID().replaceAll("-", "") },
        { ...models.environment, ...remoteEnvironment(urls), DATA_DIR: directory },
      );
      const client = createClient(await app.listen());
      await allWell(client);
      return { app, client };
    }

    async function allWell(client: ReturnType<typeof createClient>): Promise<void> {
      await vi.waitFor(
        async () => {
          const { layers } = await client.health();
          const other = Object.entries(layers).filter(([, { state }]) => state !== "ok");
          expect(other.map(([name, { state, reason, action }]) => [name, state, reason, action])).toEqual([]);
        },
        { timeout: BACK_WITHIN_MS, interval: 100 },
      );
    }

    async function ask(client: ReturnType<typeof createClient>, sessionId?: string): Promise<TurnAnswer> {
      const startedAt = performance.now();
      const answer = await client.chat({
        message: question,
        deadline_ms: DEADLINE_MS,
        ...(sessionId !== undefined && { session_id: sessionId }),
      });
      expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS + CONSTANT_MS);
      return answer;
    }

    async function suffer(layer: Served, way: FailureWay, service: RemoteService): Promise<Row> {
      const directory = await mkdtemp(join(tmpdir(), "understudy-outage-"));
      const { app, client } = await start(urlsWith(layer, service), directory);
      try {
        const answers: TurnAnswer[] = [];
        /**
         * Asks until the receipt names these layers and no other: tracing hears of an outage only when it sends, a moment after
         * the turn, and on a busy machine Redis may once take longer than it is given.
         */
        const askUntil = (layers: readonly Served[]) =>
          vi.waitFor(
            async () => {
              const answer = await ask(client, answers[0]?.session_id);
              answers.push(answer);
              const said = JSON.stringify(answer.degradation);
              expect(
                answer.degradation.map((entry) => entry.layer),
                said,
              ).toEqual(layers);
              return answer;
            },
            { timeout: 20_000, interval: 500 },
          );
        await askUntil([]);
        await service.break(way);
        if (layer !== "tracing") {
          // The very next answer says so, and health with it.
          const next = await ask(client, answers[0]?.session_id);
          answers.push(next);
          expect(next.degradation.map((entry) => entry.layer)).toContain(layer);
          expect((await client.health()).layers[layer].state).not.toBe("ok");
        }
        const during = await askUntil([layer]);
        const [line] = during.degradation;
        const health = await client.health();
        expect(health.layers[layer]).toMatchObject({ by: line?.by, mode: line?.mode, since: line?.since });
        expect([words[way][1], "open"]).toContain(line?.reason);
        expect(during.reply).not.toBe("");
        const document = {
          name: `${layer}-${way}.md`,
          content: Buffer.from(`# ${layer}\n\nThe ${layer} ${way} rehearsal takes place on floor 77.`),
        };
        const job = await client.addFile(document);
        expect(await client.followJob(job.job_id, () => {})).toMatchObject({ state: "live" });
        await service.mend();
        await allWell(client);
        await askUntil([]);
        await nothingLostOrDoubled(app, client, answers, urlsWith(layer, service));
        await isWhereItBelongs(app, document.name, urlsWith(layer, service));
        return {
          layer,
          way,
          by: line?.by ?? "",
          mode: line?.mode ?? "",
          overall: health.status,
        };
      } finally {
        await app.close(1_000);
        await rm(directory, { recursive: true, force: true });
      }
    }

    async function nothingLostOrDoubled(
      app: App,
      client: ReturnType<typeof createClient>,
      answers: readonly TurnAnswer[],
      { store: url }: Urls,
    ): Promise<void> {
      const [first] = answers;
      const given = answers.map(({ turn_id, reply }) => [turn_id, reply]);
      const history = await client.history(first?.session_id ?? "");
      expect(history.map((turn) => [turn.turn_id, turn.reply?.reply])).toEqual(given);
      const redis = unhurriedRedis(url);
      const { turns } = await dump(redis);
      await redis.close?.();
      const stored = turns?.map(({ value }) => value as { turnId: string; reply: { reply: string } | null });
      const own = stored?.filter(({ turnId }) => given.some(([id]) => id === turnId));
      expect(own?.map(({ turnId, reply }) => [turnId, reply?.reply])).toEqual(given);
      expect(app.statuses().find(({ layer }) => layer === "vectors")?.backlog).toBeNull();
    }

    /**
     * A document that was added during the outage is in Redis, as the only version of its name, and its passages are in Chroma, in
     * both spaces, as soon as whichever of the servers took the job is in step.
     */
    async function isWhereItBelongs(
      app: App,
      name: string,
      { store: redisUrl, vectors: chromaUrl }: Urls,
    ): Promise<void> {
      const { items } = await app.knowledge.list(
        { limit: 200 },
        testContext({ clock: systemClock, deadlineMs: 10_000 }),
      );
      const found = items.filter((item) => item.name === name);
      expect(found).toHaveLength(1);
      const id = found[0]?.documentId ?? "";
      const context = testContext();
      const redis = unhurriedRedis(redisUrl);
      // Of the record itself another version counts no other document: a job that a second server took over writes it once more.
      expect((await redis.get("documents", id, context))?.value).toMatchObject({ name, version: 1 });
      const stored = await redis.get("document_names", nameKey(name), context);
      expect(stored?.value).toMatchObject({ name, live: id, kept: [], version: 1 });
      await redis.close?.();
      const chroma = createChromaVectors({ url: chromaUrl, clock: createManualClock() });
      for (const space of ["hash-7-512", await modelSpace(app)]) {
        await vi.waitFor(
          async () =>
            expect((await chroma.get(space, [`${id}.0`], context)).map((record) => record.id)).toEqual([`${id}.0`]),
          { timeout: BACK_WITHIN_MS, interval: 100 },
        );
      }
      await chroma.close?.();
    }

    async function modelSpace(app: App): Promise<string> {
      const context = testContext({ clock: systemClock, deadlineMs: 10_000 });
      const { value } = await app.layers.embeddings.use((port, ctx) => port.embed(["floor"], "query", ctx), context);
      return value.space;
    }

    /** Ids of the turns that a Langfuse has, asked without the proxy. */
    async function tracedIn(url = ""): Promise<readonly string[]> {
      const authorization = `Basic ${Buffer.from("pk-lf-fake:sk-lf-fake").toString("base64")}`;
      const response = await fetch(`${url}/api/public/traces`, { headers: { authorization } });
      const { data } = (await response.json()) as { data: readonly { readonly id: string }[] };
      return data.map(({ id }) => id);
    }

    it("with every server up all layers are on their first ports and receipts are empty", async () => {
      const directory = await mkdtemp(join(tmpdir(), "understudy-outage-"));
      const urls = Object.fromEntries([...healthy].map(([name, { url }]) => [name, url])) as Urls;
      const { app, client } = await start(urls, directory);
      const answer = await ask(client);
      expect(answer.degradation).toEqual([]);
      expect(answer.served_by).toBe("primary");
      const { status, layers, notices } = await client.health();
      expect({ status, notices }).toEqual({ status: "ok", notices: [] });
      const by = Object.entries(layers).map(([name, layer]) => [name, layer.by, layer.configured]);
      expect(by).toEqual([
        ["llm", "primary", true],
        ["embeddings", "transformers", true],
        ["vectors", "chroma", true],
        ["reranker", "cross-encoder", true],
        ["graph", "langgraph", true],
        ["store", "redis", true],
        ["business", "http", true],
        ["tracing", "langfuse", true],
      ]);
      await app.close(1_000);
      await rm(directory, { recursive: true, force: true });
    }, 60_000);

    it.concurrent.each(served)(
      "an outage of %s, in every way: answered within the limits, said, and over by itself",
      async (layer) => {
        const service = await startService(layer);
        try {
          for (const way of ways) rows.push(await suffer(layer, way, service));
        } finally {
          await service.close();
        }
      },
      300_000,
    );

    it("health is free: a thousand times /health sends nothing to any server", async () => {
      const directory = await mkdtemp(join(tmpdir(), "understudy-outage-"));
      const urls = Object.fromEntries([...healthy].map(([name, { url }]) => [name, url])) as Urls;
      // Once a second Redis hears that a process lives, and is asked for work: the clock is stopped for that.
      const clock = createStoppableClock();
      const { app, client } = await start(urls, directory, clock);
      const { turn_id: turnId } = await ask(client);
      const sent = () => served.map((name) => [name, healthy.get(name)?.bytesSent]);
      // The trace is the last that a turn sends, in the background.
      await vi.waitFor(async () => expect(await tracedIn(healthy.get("tracing")?.directUrl)).toContain(turnId), {
        timeout: 20_000,
      });
      clock.stop();
      let quiet: ReturnType<typeof sent> = [];
      await vi.waitFor(() => {
        const before = quiet;
        quiet = sent();
        expect(quiet).toEqual(before);
      }, 5_000);
      for (let round = 0; round < 100; round += 1) await Promise.all(Array.from({ length: 10 }, () => client.health()));
      expect(sent()).toEqual(quiet);
      clock.go();
      await app.close(1_000);
      await rm(directory, { recursive: true, force: true });
    }, 60_000);

    it("tracing: an outage loses no turn that had begun before it, and nothing arrives twice", async () => {
      const service = await startService("tracing");
      const directory = await mkdtemp(join(tmpdir(), "understudy-outage-"));
      const { app, client } = await start(urlsWith("tracing", service), directory);
      const first = await ask(client);
      await service.break("refuse");
      const during = await ask(client);
      await service.mend();
      await allWell(client);
      const last = await ask(client);
      await vi.waitFor(
        async () =>
          expect(await tracedIn(service.directUrl)).toEqual(expect.arrayContaining([first.turn_id, last.turn_id])),
        { timeout: 20_000 },
      );
      await app.close(1_000);
      const ids = await tracedIn(service.directUrl);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining([first.turn_id, last.turn_id]));
      expect(ids.filter((id) => id === during.turn_id).length).toBeLessThanOrEqual(1);
      await service.close();
      await rm(directory, { recursive: true, force: true });
    }, 60_000);

    it("is what docs/degradation.md says", async () => {
      const page = readFileSync(new URL("../../docs/degradation.md", import.meta.url), "utf8");
      const lines = served.flatMap((layer) =>
        ways.map((way) => {
          const row = rows.find((entry) => entry.layer === layer && entry.way === way);
          const [name, reason] = words[way];
          if (!row) return `| \`${layer}\` | ${name} | not seen | | | | |`;
          return `| \`${layer}\` | ${name} | \`${row.by}\` | ${row.mode} | ${reason} | ${row.overall} | yes |`;
        }),
      );
      const table = `<!-- outages: made by test/e2e/outages.test.ts -->\n\n${[...head, ...lines].join("\n")}\n\n<!-- /outages -->`;
      const made = page.replace(/<!-- outages[^]*<!-- \/outages -->/, table);
      await expect(made).toMatchFileSnapshot("../../docs/degradation.md");
    });
  });
});
