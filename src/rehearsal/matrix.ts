import { type LayerName, layerNames } from "../fallbacks/core/status.ts";
import { createClient } from "./client.ts";
import type { HealthReport, TurnAnswer } from "./client-wire.ts";
import { tenTurns } from "./ten-turns.ts";

/** A server under rehearsal, with a scripted first port in every layer. */
export interface RehearsalServer {
  readonly url: string;
  refuse(layers: readonly LayerName[]): void;
  close(): Promise<void>;
}

export interface Cell {
  readonly refused: readonly LayerName[];
  /** What the cell did wrong, in words; empty is what we want. */
  readonly problems: readonly string[];
  readonly slowestMs: number;
  readonly replies: readonly string[];
}

export interface MatrixOptions {
  /** A fresh server, the same every time: ids and clock included. */
  readonly start: () => Promise<RehearsalServer>;
  readonly now: () => number;
  /** Deadline of each turn in ms. */
  readonly deadlineMs: number;
  readonly sets?: readonly (readonly LayerName[])[];
  readonly onCell?: (cell: Cell, done: number, total: number) => void;
}

/** On top of the deadline: what a turn may take to notice it and say so, in ms. */
const CONSTANT_MS = 250;

/** Their fallbacks are equal, so that refusing only these must not change a word. */
const equalLayers: ReadonlySet<LayerName> = new Set(["vectors", "graph", "store", "tracing"]);

/** All 256 sets of layers, the empty one first. */
export function allSets(): readonly (readonly LayerName[])[] {
  return Array.from({ length: 2 ** layerNames.length }, (_, bits) =>
    layerNames.filter((_name, index) => (bits & (1 << index)) !== 0),
  );
}

/**
 * Runs the ten turns on a fresh server for each set of refused layers. A cell has a problem when a turn fails or takes
 * longer than its deadline, when a receipt and /health disagree with each other or with what was refused, when an equal
 * fallback changes an answer, or when a turn is not in the history afterwards.
 */
export async function runMatrix(options: MatrixOptions): Promise<readonly Cell[]> {
  const sets = options.sets ?? allSets();
  const cells: Cell[] = [];
  let healthy: readonly string[] | undefined;
  for (const refused of sets) {
    const cell = await runCell(options, refused, healthy);
    if (refused.length === 0) healthy = cell.replies;
    cells.push(cell);
    options.onCell?.(cell, cells.length, sets.length);
  }
  return cells;
}

async function runCell(
  options: MatrixOptions,
  refused: readonly LayerName[],
  healthy: readonly string[] | undefined,
): Promise<Cell> {
  const server = await options.start();
  const problems: string[] = [];
  const replies: string[] = [];
  let slowestMs = 0;
  try {
    const client = createClient(server.url);
    server.refuse(refused);
    for (const messages of tenTurns) {
      const answers: TurnAnswer[] = [];
      for (const message of messages) {
        const before = await client.health();
        const startedAt = options.now();
        const answer = await client.chat({
          message,
          deadline_ms: options.deadlineMs,
          ...(answers[0] && { session_id: answers[0].session_id }),
        });
        const tookMs = options.now() - startedAt;
        slowestMs = Math.max(slowestMs, tookMs);
        const after = await client.health();
        const wrong = [
          ...checkTime(tookMs, options.deadlineMs),
          ...checkReply(answer, replies.length, healthy, refused),
          ...checkReceipt(answer, before, after, refused),
        ];
        problems.push(...wrong.map((problem) => `"${message}": ${problem}`));
        replies.push(answer.reply);
        answers.push(answer);
      }
      problems.push(...checkHistory(answers, await client.history(answers[0]?.session_id ?? "")));
    }
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    await server.close();
  }
  return { refused, problems, slowestMs, replies };
}

function checkTime(tookMs: number, deadlineMs: number): readonly string[] {
  if (tookMs <= deadlineMs + CONSTANT_MS) return [];
  return [`took ${Math.round(tookMs)} ms, more than the deadline of ${deadlineMs} ms and ${CONSTANT_MS} ms`];
}

function checkReply(
  answer: TurnAnswer,
  index: number,
  healthy: readonly string[] | undefined,
  refused: readonly LayerName[],
): readonly string[] {
  if (answer.reply.trim() === "") return ["the answer is empty"];
  if (
    !healthy ||
    !refused.every((layer) => equalLayers.has(layer)) ||
    masked(healthy[index]) === masked(answer.reply)
  ) {
    return [];
  }
  return [`equal fallbacks changed the answer from "${healthy[index]}" to "${answer.reply}"`];
}

/** Ticket numbers come from random ids. */
function masked(reply: string | undefined): string | undefined {
  return reply?.replaceAll(/TK-[0-9A-Z]{8}/g, "TK-");
}

/** A layer is in the receipt exactly when it was refused and the turn used it, and health says the same of it. */
function checkReceipt(
  answer: TurnAnswer,
  before: HealthReport,
  after: HealthReport,
  refused: readonly LayerName[],
): readonly string[] {
  return layerNames.flatMap((layer) => {
    const line = answer.degradation.find((entry) => entry.layer === layer);
    const health = after.layers[layer];
    // Every turn is saved; but while writes wait for the first port of the store or of the vectors, that is asked in the
    // background only.
    const asked = admissions(after, layer) > admissions(before, layer);
    const used = layer === "store" || asked || (layer === "vectors" && line !== undefined);
    const expected = refused.includes(layer) && used;
    if (expected && !line) return [`${layer} was refused and used, but is not in the receipt`];
    if (!expected && line) return [`${layer} is in the receipt, but was ${used ? "not refused" : "not used"}`];
    if (!line)
      return refused.includes(layer) || health.state === "ok" ? [] : [`/health says that ${layer} is ${health.state}`];
    const differs = (["mode", "by", "reason", "since"] as const).filter((field) => line[field] !== health[field]);
    return differs.map((field) => `${layer}: the receipt says ${field} ${line[field]}, /health says ${health[field]}`);
  });
}

/** How often the first port of a layer was asked for, admitted or not. */
function admissions(report: HealthReport, layer: LayerName): number {
  const { breaker } = report.layers[layer];
  return breaker ? breaker.calls + breaker.not_permitted : 0;
}

function checkHistory(
  answers: readonly TurnAnswer[],
  history: readonly { readonly turn_id: string; readonly reply: { readonly reply: string } | null }[],
): readonly string[] {
  const kept = JSON.stringify(history.map((turn) => [turn.turn_id, turn.reply?.reply]));
  const given = JSON.stringify(answers.map((answer) => [answer.turn_id, answer.reply]));
  return kept === given ? [] : [`the history has ${history.length} of ${answers.length} turns, or other ones`];
}
