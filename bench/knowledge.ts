import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arrivals, type Load, load, residentMb, type Server, startServer, stopServer, write } from "./measure.ts";
import { createCorpus } from "./search-corpus.ts";

const PASSAGES = Number(process.env["KNOWLEDGE_PASSAGES"] ?? 100_000);
const PASSAGES_OF_A_DOCUMENT = 100;
/** Documents on their way at the same time. */
const WIDTH = 4;
/** The share of them that is read without chat. */
const QUIET = 0.25;
/** And the share that is read by the end of the part beside people who write now and then; the rest beside one who never pauses. */
const VISITED = 0.6;
/** Ms between two messages of all people together: what 100 people send who write every 20 seconds. */
const MESSAGE_EVERY_MS = 200;
const TURNS = 200;
const START_LIMIT_MS = 600_000;

const corpus = createCorpus();

/** A document in sections, each of which is a passage. */
function documentOf(number: number): string {
  const first = number * PASSAGES_OF_A_DOCUMENT;
  const sections = Array.from(
    { length: PASSAGES_OF_A_DOCUMENT },
    (_, index) => `## Section ${index}\n\n${corpus.passage(first + index).trim()}`,
  );
  return `# Document ${number}\n\n${sections.join("\n\n")}\n`;
}

async function start(directory: string): Promise<{ readonly server: Server; readonly readyMs: number }> {
  const startedAt = performance.now();
  const server = await startServer("dist/main.js", {
    DATA_DIR: directory,
    PORT: "0",
    SAMPLE_KNOWLEDGE: "off",
    LOG_LEVEL: "info",
    REQUESTS_PER_MINUTE: "1000000",
  });
  while (performance.now() - startedAt < START_LIMIT_MS) {
    if ((await fetch(`${server.url}/readyz`)).status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { server, readyMs: performance.now() - startedAt };
}

async function send(url: string, number: number): Promise<void> {
  const form = new FormData();
  form.append("file", new Blob([documentOf(number)]), `document-${number}.md`);
  const response = await fetch(`${url}/api/v1/knowledge/documents?wait=60`, { method: "POST", body: form });
  if (response.status !== 201) throw new Error(`document ${number}: ${response.status} ${await response.text()}`);
}

/** @returns passages a second. */
async function add(url: string, from: number, to: number): Promise<number> {
  const startedAt = performance.now();
  await load(to - from, WIDTH, (number) => send(url, from + number));
  return ((to - from) * PASSAGES_OF_A_DOCUMENT * 1000) / (performance.now() - startedAt);
}

async function ask(url: string, number: number): Promise<void> {
  const response = await fetch(`${url}/api/v1/chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message: corpus.question(number) }),
  });
  if (response.status !== 200) throw new Error(`question ${number}: ${response.status}`);
  await response.arrayBuffer();
}

const chat = (url: string, from: number) => load(TURNS, 1, (index) => ask(url, from + index));
const line = ({ p50Ms, p95Ms }: Load) => `p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms`;

/** Documents into a running server over HTTP, chat beside it, and how soon all of it is there again. */
export async function knowledge(): Promise<void> {
  const documents = Math.ceil(PASSAGES / PASSAGES_OF_A_DOCUMENT);
  write(
    `\nknowledge: ${documents} documents of ${PASSAGES_OF_A_DOCUMENT} passages over HTTP, four at a time, the first without chat; chat one turn after the other`,
  );
  const directory = mkdtempSync(join(tmpdir(), "understudy-bench-knowledge-"));
  try {
    let { server } = await start(directory);
    await load(TURNS, 1, (index) => ask(server.url, index));
    const before = await chat(server.url, TURNS);
    write(`  chat alone, no documents             ${line(before)}`);
    const quiet = Math.floor(documents * QUIET);
    write(`  passages a second, no chat           ${(await add(server.url, 0, quiet)).toFixed(0)} (limit 2,000)`);
    const visited = Math.floor(documents * VISITED);
    const visits = new AbortController();
    const visiting = arrivals(MESSAGE_EVERY_MS, (index) => ask(server.url, index), {
      over: () => visits.signal.aborted,
    });
    const besideVisits = await add(server.url, quiet, visited);
    visits.abort();
    const visitors = await visiting;
    const visitorsAlone = await arrivals(MESSAGE_EVERY_MS, (index) => ask(server.url, index), { most: TURNS });
    write(`  passages a second, 5 turns a second  ${besideVisits.toFixed(0)} (limit 2,000)`);
    write(`  those turns alone                    ${line(visitorsAlone)}`);
    write(
      `  those turns while documents are read ${line(visitors)}, ${(visitors.p95Ms / visitorsAlone.p95Ms).toFixed(2)} times alone (limit 1.5)`,
    );
    const read = new AbortController();
    const beside = (async () => {
      const loads: Load[] = [];
      for (let round = 1; !read.signal.aborted; round += 1) loads.push(await chat(server.url, round * TURNS));
      return loads;
    })();
    const rate = await add(server.url, visited, documents);
    read.abort();
    const loads = await beside;
    write(`  passages a second, with chat beside  ${rate.toFixed(0)}`);
    const after = await chat(server.url, 9 * TURNS);
    write(`  chat alone, all documents            ${line(after)}`);
    const worst = Math.max(...loads.map(({ p95Ms }) => p95Ms));
    const last = loads.at(-1) ?? after;
    write(
      `  chat while they are read, the last   ${line(last)}, ${(last.p95Ms / after.p95Ms).toFixed(2)} times alone (limit 1.5)`,
    );
    write(`  its worst ${TURNS} turns                  p95 ${worst.toFixed(1)} ms`);
    write(`  memory                               ${residentMb(server.child.pid).toFixed(0)} MB`);
    await stopServer(server);
    for (const time of ["first", "second"]) {
      const again = await start(directory);
      write(`  restart to /readyz, the ${time.padEnd(6)} time   ${(again.readyMs / 1000).toFixed(2)} s (limit 3)`);
      server = again.server;
      await stopServer(server);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
