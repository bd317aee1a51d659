import { expect, vi } from "vitest";
import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";
import type { Log } from "../../src/log.ts";
import type { TurnAnswer } from "../../src/rehearsal/client-wire.ts";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";
import { testApp } from "../support/test-app.ts";

export const CHAT = "/v1/chat/completions";
export const names = ["primary", "secondary", "tertiary"] as const;
type Name = (typeof names)[number];

const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));
/** Recognise, plan and compose: three calls of a model. */
export const CALLS_OF_A_TURN = 3;
const STEP_MS = 25;
/** Of a wait for what a model sees: no time passes on the clock of the server meanwhile, and a busy machine takes its own. */
export const patience = { timeout: 10_000 };
const question = "How long is the warranty?";

export interface RigOptions {
  /** How many models there are, default 2. */
  readonly models?: 1 | 2 | 3;
  /** Whose protocol each of them speaks; default openai. */
  readonly providers?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Milliseconds of the first model before it answers, by the clock. */
  readonly latencyMs?: number;
  readonly random?: () => number;
  readonly log?: Log;
  /** False: no turn goes well before the test; whoever has only passed a check has the first failure held against it. */
  readonly warm?: boolean;
}

/** An answer of the server, whatever it is. */
export interface Answer {
  readonly status: number;
  readonly servedBy: string | null;
  readonly retryAfter: string | null;
  readonly degraded: string | null;
  readonly body: TurnAnswer & { readonly code?: string; readonly detail?: string };
}

interface LayerReport {
  readonly state: string;
  readonly by: string;
  readonly reason: string | null;
  readonly evidence: string;
  readonly action: string;
  readonly last_error: { readonly error_class: string; readonly text: string } | null;
  readonly cooldown_until: string | null;
  readonly breaker: { readonly state: string; readonly calls: number };
  readonly candidates: readonly {
    readonly name: string;
    readonly state: string;
    readonly until: string | null;
    readonly last_error_class: string | null;
  }[];
}

/**
 * A whole server with fake models over real sockets and one clock for all of them, which stands still unless a test moves it: what
 * takes time on the wire takes none of a limit.
 */
export async function startModelRig(options: RigOptions = {}) {
  const clock: ManualClock = createManualClock();
  const used = names.slice(0, options.models ?? 2);
  const answer = createRehearsedAnswer(packs);
  const fakes = new Map<string, FakeModel>();
  for (const name of used) {
    const latencyMs = name === "primary" ? (options.latencyMs ?? 0) : 0;
    fakes.set(name, await startFakeModel({ clock, answer, latencyMs }));
  }
  const fake = (name: Name): FakeModel => {
    const found = fakes.get(name);
    if (!found) throw new Error(`the rig has no ${name}`);
    return found;
  };
  const app = await testApp(
    { clock, ...(options.random && { random: options.random }), ...(options.log && { log: options.log }) },
    {
      // Tests count calls, and say the same again.
      INTENT_CACHE: "off",
      LLM_PRIORITY_ORDER: used.map((name) => `${name}_llm`).join(","),
      ...Object.fromEntries(
        used.flatMap((name, index) => {
          const provider = options.providers?.[index];
          return [
            [`${name.toUpperCase()}_LLM_MODEL`, "fake"],
            [`${name.toUpperCase()}_LLM_PROVIDER`, provider ?? "openai"],
            [`${name.toUpperCase()}_LLM_BASE_URL`, provider === undefined ? fake(name).url : fake(name).origin],
          ];
        }),
      ),
      ...options.environment,
    },
  );
  const url = await app.listen();

  async function ask(message = question, more: object = {}): Promise<Answer> {
    const response = await fetch(`${url}/api/v1/chat`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ message, ...more }),
    });
    return {
      status: response.status,
      servedBy: response.headers.get("x-served-by"),
      retryAfter: response.headers.get("retry-after"),
      degraded: response.headers.get("x-degraded"),
      body: (await response.json()) as Answer["body"],
    };
  }

  async function health() {
    const response = await fetch(`${url}/health`);
    const { status, layers } = (await response.json()) as { status: string; layers: { llm: LayerReport } };
    return { httpStatus: response.status, overall: status, llm: layers.llm };
  }

  // The check of the first model at the start must not meet the fault of a test.
  if (options.latencyMs !== undefined) {
    await vi.waitFor(() => expect(fake("primary").open).toBe(1), patience);
    await clock.advance(options.latencyMs);
  }
  await vi.waitFor(async () => expect((await health()).llm.evidence).toBe("probe"), { timeout: 10_000 });

  if (options.warm ?? true) expect((await ask()).servedBy).toBe("primary");
  const before = new Map([...fakes].map(([name, model]) => [name, model.count(CHAT)]));

  return {
    clock,
    fake,
    url,
    ask,
    /** Of the first model, or of the one that is named. */
    async candidate(name: Name = "primary") {
      const found = (await health()).llm.candidates.find((candidate) => candidate.name === name);
      if (!found) throw new Error(`health does not name ${name}`);
      return found;
    },
    /** Milliseconds for which a model is left alone from now on, as health says it. */
    async restMs(name: Name = "primary"): Promise<number> {
      const { until } = await this.candidate(name);
      return until === null ? 0 : Date.parse(until) - clock.wall().getTime();
    },
    /** How many completions a model was asked for since the test began. */
    asked: (name: Name) => fake(name).count(CHAT) - (before.get(name) ?? 0),
    /** The fault is over: the first model serves again, by itself, once `ms` have passed. */
    async recovers(ms: number): Promise<void> {
      fake("primary").fault(undefined);
      await clock.advance(ms);
      await vi.waitFor(async () => {
        const { servedBy, body } = await ask();
        expect({ servedBy, degradation: body.degradation }).toEqual({ servedBy: "primary", degradation: [] });
      }, patience);
      const { llm, overall } = await health();
      expect({ overall, state: llm.state, by: llm.by }).toEqual({ overall: "ok", state: "ok", by: "primary" });
    },
    /** Asks while the clock goes on by `ms` as soon as `until` holds. */
    async askAndWait(until: () => void, ms: number): Promise<Answer> {
      const answer = ask();
      await vi.waitFor(until, patience);
      await clock.advance(ms);
      return answer;
    },
    /** Waits for an answer while the clock goes on, slowly enough that what is well stays within its limits. */
    async answered(pending: Promise<Answer>): Promise<Answer> {
      let answer: Answer | undefined;
      const settled = pending.then((result) => {
        answer = result;
      });
      await vi.waitFor(
        async () => {
          await clock.advance(STEP_MS);
          expect(answer).toBeDefined();
        },
        { timeout: 20_000, interval: STEP_MS },
      );
      await settled;
      return pending;
    },
    /** The events of a streamed turn, by name with their data. */
    async stream(message = question): Promise<readonly (readonly [string, Readonly<Record<string, unknown>>])[]> {
      const response = await fetch(`${url}/api/v1/chat/stream`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ message }),
      });
      const text = await response.text();
      return [...text.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, event = "", data = ""]) => [
        event,
        JSON.parse(data) as Readonly<Record<string, unknown>>,
      ]);
    },
    health,
    async close(): Promise<void> {
      await app.close();
      await Promise.all([...fakes.values()].map((model) => model.close()));
    },
  };
}

export type ModelRig = Awaited<ReturnType<typeof startModelRig>>;
