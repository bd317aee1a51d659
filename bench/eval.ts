import { readFileSync } from "node:fs";
import { createApp } from "../src/app.ts";
import { deriveConfig } from "../src/config/config.ts";
import { readValues } from "../src/config/env.ts";
import { noSecrets } from "../src/config/secrets.ts";
import { systemClock } from "../src/fallbacks/core/clock.ts";
import { createContext } from "../src/fallbacks/core/context.ts";
import { createLog } from "../src/log.ts";
import type { Knowledge } from "../src/retrieval/knowledge.ts";

interface Question {
  readonly lang: "en" | "zh";
  readonly question: string;
  readonly answerable: boolean;
  readonly heading: string | null;
  readonly facts: readonly (readonly string[])[];
}

const write = (line: string) => void process.stdout.write(`${line}\n`);
const sets = [
  ["development (seen while building)", "questions.jsonl"],
  ["held out (messy paraphrases, nothing fitted to them)", "questions-held-out.jsonl"],
] as const;

function readSet(name: string): readonly Question[] {
  const text = readFileSync(new URL(`../test/data/${name}`, import.meta.url), "utf8");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => JSON.parse(line) as Question);
}

type Outcome = "right" | "wrong" | "refused";

async function judge(knowledge: Knowledge, question: Question): Promise<Outcome> {
  const context = createContext({ clock: systemClock, requestId: "eval", deadlineMs: 10_000 });
  const { answerable, sentences } = await knowledge.search(question.question, {}, context);
  if (!answerable) return "refused";
  const cited = sentences
    .filter(({ heading }) => heading.split(" › ").at(-1) === question.heading)
    .map(({ quote }) => quote)
    .join("\n");
  const complete = question.facts.every((alternatives) => alternatives.some((fact) => cited.includes(fact)));
  return question.answerable && cited !== "" && complete ? "right" : "wrong";
}

/** Share with its 95 % interval (Wilson 1927). */
function share(part: number, whole: number): string {
  const z = 1.96;
  const p = part / whole;
  const middle = (p + z ** 2 / (2 * whole)) / (1 + z ** 2 / whole);
  const half = (z / (1 + z ** 2 / whole)) * Math.sqrt((p * (1 - p)) / whole + z ** 2 / (4 * whole ** 2));
  const percent = (value: number) => (100 * value).toFixed(0);
  return `${part} of ${whole} (${percent(p)} %, ${percent(middle - half)} to ${percent(middle + half)})`;
}

const app = await createApp(deriveConfig(readValues({ DATA_DIR: ":memory:", LOG_LEVEL: "silent" })), noSecrets, {
  log: createLog("silent"),
});
write("answers from the sample knowledge base, keyless; share with its 95 % interval");
for (const [title, file] of sets) {
  write(`\n${title}: test/data/${file}`);
  const questions = readSet(file);
  for (const lang of ["en", "zh"] as const) {
    const mine = questions.filter((question) => question.lang === lang);
    const outcomes = await Promise.all(
      mine.map(async (question) => ({ question, outcome: await judge(app.knowledge, question) })),
    );
    const count = (answerable: boolean, outcome: Outcome) =>
      outcomes.filter((each) => each.question.answerable === answerable && each.outcome === outcome).length;
    const answerable = mine.filter((question) => question.answerable).length;
    write(`  ${lang}  answerable: right section and fact ${share(count(true, "right"), answerable)}`);
    write(
      `      wrong ${share(count(true, "wrong"), answerable)}, refused ${share(count(true, "refused"), answerable)}`,
    );
    write(`      unanswerable: refused ${share(count(false, "refused"), mine.length - answerable)}`);
  }
}
await app.close();
