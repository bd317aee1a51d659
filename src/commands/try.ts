import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Client, createClient } from "../rehearsal/client.ts";
import type { SeenAnswer, SeenTrial, TrialFile } from "../rehearsal/client-wire.ts";
import { type Command, UsageError } from "./command.ts";
import { onlyWord, parseOptions, rolesIn } from "./options.ts";
import { withServer } from "./with-server.ts";

/** Questions that go with one request: as many as the server takes. */
const AT_ONCE = 50;
/** Columns of the longest outcome. */
const WIDTH = 9;

export const tryCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, {
      questions: { type: "string" },
      name: { type: "string" },
      audience: { type: "string" },
      roles: { type: "string" },
      url: { type: "string" },
      json: { type: "boolean", default: false },
    });
    const path = onlyWord(positionals, "one file");
    if (values.questions === undefined) throw new UsageError("--questions wants a file with one question a line");
    const [audience, roles] = [rolesIn("--audience", values.audience), rolesIn("--roles", values.roles)];
    const file = {
      name: values.name ?? basename(path),
      content: bytesOf(path),
      questions: questionsIn(values.questions),
      ...(audience && { audience }),
      ...(roles && { roles }),
    };
    const trial = await withServer(values.url, (url, key) => tryAll(file, createClient(url, key)));
    terminal.out(values.json ? JSON.stringify(trial, null, 2) : render(trial));
    const isSure = trial.degradation.length === 0 && trial.questions.every(({ comparable }) => comparable);
    return trial.summary.lost === 0 && isSure ? 0 : 1;
  },
};

/** @throws {Error} when one part of the questions cannot be asked. */
async function tryAll(file: TrialFile, client: Pick<Client, "tryFile">): Promise<SeenTrial> {
  let trial: SeenTrial | undefined;
  const questions: SeenTrial["questions"][number][] = [];
  const degradation = new Map<string, SeenTrial["degradation"][number]>();
  const summary = { same: 0, gained: 0, lost: 0, changed: 0 };
  for (let at = 0; at < file.questions.length; at += AT_ONCE) {
    const part = await client.tryFile({ ...file, questions: file.questions.slice(at, at + AT_ONCE) });
    trial ??= part;
    questions.push(...part.questions);
    for (const degraded of part.degradation) degradation.set(degraded.layer, degraded);
    for (const { outcome } of part.questions) summary[outcome] += 1;
  }
  const { document = {}, replaces = null } = trial ?? {};
  return { document, replaces, summary, questions, degradation: [...degradation.values()] };
}

/** @throws {UsageError} */
function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** @throws {UsageError} */
function questionsIn(path: string): readonly string[] {
  const lines = new TextDecoder().decode(bytesOf(path)).split(/\r?\n/);
  const questions = lines.map((line) => line.trim()).filter((line) => line !== "");
  if (questions.length === 0) throw new UsageError(`${path} has no question`);
  return questions;
}

function render({ questions, summary, degradation }: SeenTrial): string {
  const rows = questions.flatMap(({ question, outcome, comparable, before, after }) => {
    const row = [outcome.padEnd(WIDTH) + question];
    if (!comparable) row.push(`${" ".repeat(WIDTH)}not comparable: the two searches did not go by the same`);
    if (outcome === "same") return row;
    return [...row, `${" ".repeat(WIDTH)}before: ${told(before)}`, `${" ".repeat(WIDTH)}after:  ${told(after)}`];
  });
  const counts = Object.entries(summary).map(([outcome, count]) => `${count} ${outcome}`);
  const departures = degradation.map(({ layer, by, reason }) => `degraded: ${layer} by ${by} (${reason})`);
  return [...rows, ...departures, `${questions.length} questions: ${counts.join(", ")}`].join("\n");
}

function told({ sentences }: SeenAnswer): string {
  const [first] = sentences;
  if (!first) return "not answered";
  const place = [first.title, first.heading].filter((part) => part !== "").join(" › ");
  return `${sentences.map(({ quote }) => quote).join(" ")} [${place}]`;
}
