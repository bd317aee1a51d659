import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tenTurns } from "../src/rehearsal/ten-turns.ts";
import { load, quantile, residentMb, type Server, startServer, stopServer, write } from "./measure.ts";

const STARTS = 7;
const messages = tenTurns.flat();

async function post(url: string, body: object): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

/** Ten turns a session, as people talk, so that histories stay short and sessions grow in number. */
function talk(url: string): (index: number) => Promise<void> {
  const sessions = new Map<number, string>();
  return async (index) => {
    const which = Math.floor(index / messages.length);
    const known = sessions.get(which);
    const text = await post(`${url}/api/v1/chat`, {
      message: messages[index % messages.length],
      ...(known !== undefined && { session_id: known }),
    });
    sessions.set(which, String((JSON.parse(text) as { session_id: unknown }).session_id));
    if (sessions.size > 100) sessions.delete(which - 100);
  };
}

async function starts(
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ ms: number; mb: number }> {
  const times: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < STARTS; i += 1) {
    const server = await startServer(script, environment);
    times.push(server.startMs);
    sizes.push(residentMb(server.child.pid));
    await stopServer(server);
  }
  return { ms: quantile(times, 0.5), mb: quantile(sizes, 0.5) };
}

async function withServer(
  script: string,
  environment: Readonly<Record<string, string>>,
  run: (server: Server) => Promise<void>,
) {
  const server = await startServer(script, environment);
  try {
    await run(server);
  } finally {
    await stopServer(server);
  }
}

/** Start, memory and turns of the compiled server. */
export async function server(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "understudy-bench-"));
  const environment = { PORT: "0", DATA_DIR: directory, REQUESTS_PER_MINUTE: "1000000", TURNS_AT_ONCE: "1000" };
  try {
    const floor = await starts("bench/floor.mjs", {});
    const ours = await starts("dist/main.js", environment);
    write(
      `start to listening, median of ${STARTS}: ${ours.ms.toFixed(0)} ms; bare node:http ${floor.ms.toFixed(0)} ms; ratio ${(ours.ms / floor.ms).toFixed(1)}`,
    );
    write(`resident memory then: ${ours.mb.toFixed(0)} MB; bare node:http ${floor.mb.toFixed(0)} MB`);

    let floorPerSecond = 0;
    await withServer("bench/floor.mjs", {}, async ({ url }) => {
      await load(2_000, 8, async () => void (await post(url, { message: "hello" })));
      floorPerSecond = (await load(5_000, 8, async () => void (await post(url, { message: "hello" })))).perSecond;
    });
    await withServer("dist/main.js", environment, async ({ url, child }) => {
      const turn = talk(url);
      for (const upTo of [1_000, 2_000, 3_000, 4_000, 5_000]) {
        const { perSecond, p50Ms, p95Ms } = await load(1_000, 4, (index) => turn(upTo - 1_000 + index));
        const ratio = (floorPerSecond / perSecond).toFixed(0);
        write(
          `turns to ${upTo}, 4 at a time: ${perSecond.toFixed(0)}/s (bare node:http ${ratio} times as many), p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms, resident ${residentMb(child.pid).toFixed(0)} MB`,
        );
      }
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}
