import { expect, it } from "vitest";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createClient } from "../../src/rehearsal/client.ts";
import type { TurnAnswer } from "../../src/rehearsal/client-wire.ts";
import { tenTurns } from "../../src/rehearsal/ten-turns.ts";
import { freePort } from "../support/free-port.ts";
import { remoteEnvironment } from "../support/remote-environment.ts";
import { testApp } from "../support/test-app.ts";

interface Said {
  readonly answer: TurnAnswer;
  readonly tookMs: number;
}

/** The ten turns over HTTP. */
async function converse(environment: Readonly<Record<string, string>>): Promise<readonly Said[]> {
  const app = await testApp({ clock: systemClock, random: Math.random }, environment);
  const url = await app.listen();
  const client = createClient(url);
  const said: Said[] = [];
  for (const messages of tenTurns) {
    let sessionId: string | undefined;
    for (const message of messages) {
      const startedAt = performance.now();
      const answer = await client.chat({
        message,
        ...(sessionId !== undefined && { session_id: sessionId }),
      });
      said.push({ answer, tookMs: performance.now() - startedAt });
      sessionId = answer.session_id;
    }
  }
  await app.close();
  return said;
}

/** What the user sees, without the receipt and without numbers that are made from ids. */
function seen({ answer }: Said): unknown {
  const { reply, intents, sources, escalation } = answer;
  const card = escalation && { ...escalation, handoff_id: "", session_id: "", degradation: [] };
  return JSON.parse(JSON.stringify({ reply, intents, sources, card }).replaceAll(/TK-[0-9A-Z]{8}/g, "TK-"));
}

it("with every remote address on a closed port the ten turns are the same apart from their receipts, and no slower", async () => {
  const closed = `http://127.0.0.1:${await freePort()}`;
  const keyless = await converse({});
  const away = await converse({
    ...remoteEnvironment({
      llm: `${closed}/v1`,
      vectors: closed,
      store: closed.replace("http", "redis"),
      business: closed,
      tracing: closed,
    }),
    BUSINESS_FALLBACK: "mock",
    EMBEDDING_MODEL: "any/embedding",
    RERANKER_MODEL: "any/reranker",
    HF_ENDPOINT: closed,
    HF_MIRROR_URL: closed,
  });
  expect(away.map(seen)).toEqual(keyless.map(seen));
  expect(keyless.flatMap(({ answer }) => answer.degradation)).toEqual([]);
  const layers = new Set(away.flatMap(({ answer }) => answer.degradation.map(({ layer }) => layer)));
  expect([...layers].sort()).toEqual(["business", "embeddings", "llm", "reranker", "store", "tracing", "vectors"]);
  for (const [turn, { tookMs }] of away.entries()) expect(tookMs - (keyless[turn]?.tookMs ?? 0)).toBeLessThan(1_000);
}, 120_000);
