import { expect, vi } from "vitest";
import type { Api, SeenTurn } from "../../src/rehearsal/kill/api.ts";
import type { Problem } from "../../src/rehearsal/kill/problem.ts";
import type { Witness } from "../../src/rehearsal/kill/witness.ts";
import type { Instance } from "./cluster-rig.ts";

const PATIENCE_MS = 30_000;

/** Resolves when every server has told the shared store everything. */
export async function inStep(instances: readonly Instance[]): Promise<void> {
  for (const { api } of instances) {
    await vi.waitFor(
      async () => expect(await api.store()).toMatchObject({ kind: "ok", body: { state: "ok", waiting: 0 } }),
      { timeout: PATIENCE_MS, interval: 50 },
    );
  }
}

/** Notices servers that go on without Redis, by what they count themselves. */
export interface Solitude {
  readonly seen: boolean;
  /** What was before this does not count. */
  begin(instances: readonly Instance[]): Promise<void>;
  look(instances: readonly Instance[]): Promise<void>;
}

export function createSolitude(): Solitude {
  // By address: a server that is started again counts anew.
  const before = new Map<string, number>();
  let seen = false;
  return {
    get seen() {
      return seen;
    },
    async begin(instances) {
      for (const { url } of instances) before.set(url, await timesAlone(url));
    },
    async look(instances) {
      for (const { url } of instances) if ((await timesAlone(url)) > (before.get(url) ?? 0)) seen = true;
    },
  };
}

/** How often a server has saved or read without Redis since it was started. */
async function timesAlone(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  if (!text.includes("understudy_calls_total{")) throw new Error(`${url}/metrics does not count calls`);
  const counts = text.matchAll(/^understudy_failovers_total\{[^}]*layer="store"[^}]*\} (\d+)/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/**
 * Whether this is what is promised of a server that is killed between its disk and Redis: it has begun a turn of which nobody else
 * knows, and that stays. When it takes the number of another it is shown as a fork; when it began a session, and was asked for
 * again at a server that did not know it, it has one of its own beside.
 */
export async function isSplit({ kind, text }: Problem, witness: Witness, api: Api): Promise<boolean> {
  if (kind === "order") {
    const [sessionId = ""] = /ses_\w+/.exec(text) ?? [];
    const user = witness.sessions.get(sessionId)?.user;
    return user !== undefined && (await turnsOf(api, user, sessionId)).some(({ fork }) => fork === true);
  }
  if (kind !== "unasked") return false;
  const [, user = "", strangers = ""] = /^user (\S+) .*; nobody was told of (.+)$/.exec(text) ?? [];
  const sessions = await Promise.all(strangers.split(", ").map((sessionId) => turnsOf(api, user, sessionId)));
  return sessions.every(
    (turns) => turns.length === 1 && turns.every(({ turn_id: turnId }) => isAnswered(turnId, user, witness)),
  );
}

function isAnswered(turnId: string, user: string, witness: Witness): boolean {
  const turn = witness.turns.get(turnId);
  return turn !== undefined && turn.body.user === user && turn.digest !== undefined;
}

async function turnsOf(api: Api, user: string, sessionId: string): Promise<readonly SeenTurn[]> {
  const answer = await api.turns(user, sessionId);
  return answer.kind === "ok" ? answer.body : [];
}
