/**
 * LangChain embeddings that go on without their model: an index for each space, the one of words complete at once, the one of the model
 * as soon as the model can be had. Needs no key; the model is fetched once, from huggingface.co or from HUB_URL.
 *
 *   npx tsx examples/embeddings.ts
 *   HUB_URL=http://127.0.0.1:9 npx tsx examples/embeddings.ts
 */
import { DegradingEmbeddings } from "../src/langchain/degrading-embeddings.ts";
import { SpaceUnavailableError } from "../src/langchain/degrading-embeddings-error.ts";

const { HUB_URL, CACHE, MODEL = "Xenova/all-MiniLM-L6-v2" } = process.env;
const texts = [
  "A refund takes three working days.",
  "The tank of the kettle is descaled with vinegar.",
  "退款需要三个工作日。",
];

const embeddings = new DegradingEmbeddings({
  embeddings: [
    { model: MODEL, name: "model", ...(HUB_URL && { hubUrl: HUB_URL }), ...(CACHE && { cacheDirectory: CACHE }) },
  ],
});

/** Vectors by space, in the order of the texts: as many indexes as there are spaces, each of them whole. */
const indexes = new Map<string, readonly (number[] | null)[]>();

async function fill(place: string): Promise<void> {
  const { space, vectors } = await embeddings.embedDocumentsBySpace(texts, { spaces: [place] });
  indexes.set(space, vectors);
}

async function search(question: string): Promise<void> {
  // Only in spaces whose index is complete, so that nothing is compared with what it cannot be compared with.
  const { space, vector, by } = await embeddings.embedQueryBySpace(question, { spaces: [...indexes.keys()] });
  const scores = (indexes.get(space) ?? []).map((other) => (vector && other ? dot(vector, other) : -1));
  print(`${by}: "${question}" -> "${texts[scores.indexOf(Math.max(...scores))]}"`);
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const [meaning, words] = embeddings.spaces().map(({ space }) => space);
await fill(words ?? "");
await search("refund");
try {
  // Waits for a model that is being loaded.
  await fill(meaning ?? "");
} catch (error) {
  if (!(error instanceof SpaceUnavailableError)) throw error;
  print(`the model cannot be had (${error.errorClass}): words go on`);
}
await search("退款要多久");
await embeddings.close();
