import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createThreadHold } from "../../src/fallbacks/core/thread-hold.ts";
import { startWorkerThread } from "../../src/fallbacks/core/worker-thread.ts";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import { passageKey } from "../../src/retrieval/passage-key.ts";
import type { PreparedDocument } from "../../src/retrieval/prepared.ts";
import { createPreparer, type PreparerOptions } from "../../src/retrieval/preparer.ts";
import { passageTerms, passageText } from "../../src/retrieval/terms.ts";
import { detectLanguage } from "../../src/text/language.ts";
import { testContext } from "../support/context.ts";
import { documentOf, samples } from "./prepared-samples.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function preparer(options: PreparerOptions) {
  const made = createPreparer({ withoutThread: 0, ...options });
  closing.push(() => made.close());
  return made;
}

/** Returns when the thread waits, which it is woken from for that: it takes a step and waits again. */
async function waits({ shared }: { readonly shared: SharedArrayBuffer }): Promise<void> {
  const state = new Int32Array(shared);
  while (Atomics.notify(state, 0) === 0) await nextTurn();
}

/** The terms of each passage with their counts. */
function unpacked({ words }: PreparedDocument) {
  if (!words) throw new Error("there are no words");
  return Array.from(words.lengths, (length, passage) => {
    const counts = new Map<string, number>();
    for (let at = words.starts[passage] ?? 0; at < (words.starts[passage + 1] ?? 0); at += 1) {
      counts.set(words.terms[words.entries[at] ?? 0] ?? "?", words.counts[at] ?? 0);
    }
    return { length, counts };
  });
}

/** But for the list of terms, which has those of other documents too. */
const plainly = (prepared: PreparedDocument) => ({ ...prepared, words: unpacked(prepared) });

function counted(terms: readonly string[]) {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return { length: terms.length, counts };
}

const dying = () =>
  startWorkerThread<never, never>(new URL("./dying-worker.ts", import.meta.url)) as ReturnType<
    NonNullable<PreparerOptions["startThread"]>
  >;

describe("the preparer", () => {
  it("prepares words, keys, languages and vectors as the passages alone would be", async () => {
    const made = preparer({});
    const local = createHashEmbeddings();
    for (const document of Object.values(samples)) {
      const prepared = await made.prepare(document, testContext());
      expect(prepared.chunks.map(({ text }) => text)).toEqual(
        document.chunks.map(({ start, end }) => document.text.slice(start, end)),
      );
      expect(unpacked(prepared)).toEqual(prepared.chunks.map((chunk) => counted(passageTerms(chunk))));
      expect(prepared.keys).toEqual(prepared.chunks.map(passageKey));
      expect(prepared.chunks.map(({ language }) => language)).toEqual(
        prepared.chunks.map(({ text }) => detectLanguage(text)),
      );
      const { vectors } = await local.embed(prepared.chunks.map(passageText), "document", testContext());
      const { dimension = 0, values = [], space } = prepared.vectors ?? {};
      expect([...values]).toEqual(vectors.flatMap((vector) => [...(vector ?? new Float32Array(dimension))]));
      if (document.chunks.length > 0) expect(space).toBe(local.space);
    }
  });

  it("gives the path and the topic of a passage", async () => {
    const { chunks } = await preparer({ inline: true }).prepare(samples.refunds, testContext());
    expect(chunks.map(({ id, path, topic }) => [id, path, topic])).toEqual([
      ["doc_refunds.0", "Handbook", "Refunds"],
      ["doc_refunds.1", "Handbook › Refunds", "How"],
      ["doc_refunds.2", "Handbook › 退款", "没"],
      ["doc_refunds.3", "", "Handbook"],
      ["doc_refunds.4", "Handbook", "Refunds"],
      ["doc_refunds.5", "Handbook › Refunds", "How"],
      ["doc_refunds.6", "Handbook › 退款", "没"],
    ]);
  });

  it("gives the same on the event loop, but for the vectors", async () => {
    const there = preparer({});
    const here = preparer({ inline: true });
    for (const document of Object.values(samples)) {
      const { vectors, ...rest } = await there.prepare(document, testContext());
      expect(plainly(await here.prepare(document, testContext()))).toEqual(plainly(rest));
      expect(vectors).toBeDefined();
    }
  });

  it("fault 55: goes on without a thread that dies in the middle, says so once, and starts another", async () => {
    const reports: unknown[] = [];
    let started = 0;
    const made = preparer({
      startThread: () => {
        started += 1;
        return dying();
      },
      report: (error) => reports.push(error),
    });
    const expected = await preparer({ inline: true }).prepare(samples.refunds, testContext());
    const both = [samples.refunds, samples.shipping].map((document) => made.prepare(document, testContext()));
    expect((await Promise.all(both)).map(plainly)[0]).toEqual(plainly(expected));
    expect(plainly(await made.prepare(samples.refunds, testContext()))).toEqual(plainly(expected));
    expect([started, reports.length, String(reports[0])]).toEqual([
      2,
      1,
      expect.stringMatching(/died of the document/),
    ]);
  });

  it("does without a thread that cannot be started", async () => {
    const reports: unknown[] = [];
    const made = preparer({
      startThread: () => {
        throw new Error("no thread to be had");
      },
      report: (error) => reports.push(error),
    });
    const prepared = await made.prepare(samples.shipping, testContext());
    expect([prepared.chunks.length, String(reports)]).toEqual([2, "Error: no thread to be had"]);
  });

  it("stops for whoever goes away, in a thread and without, and goes on with the next one", async () => {
    const long = documentOf(
      "doc_long",
      Array.from({ length: 2_000 }, (_, n) => `Passage ${n} about a parcel. `.repeat(12)),
    );
    for (const inline of [false, true]) {
      const made = preparer({ inline });
      const leaving = new AbortController();
      const left = made.prepare(long, testContext({ signal: leaving.signal }));
      await nextTurn();
      leaving.abort();
      await expect(left).rejects.toMatchObject({ errorClass: "aborted" });
      await expect(made.prepare(long, testContext({ signal: leaving.signal }))).rejects.toMatchObject({
        errorClass: "aborted",
      });
      expect((await made.prepare(samples.shipping, testContext())).chunks.length).toBe(2);
    }
  });

  it("tells its thread what nobody waits for any more", async () => {
    const posted: unknown[] = [];
    const made = preparer({
      startThread: () => {
        const thread = startWorkerThread(new URL("../../src/retrieval/prepare-worker.ts", import.meta.url));
        const noting = {
          ...thread,
          post(message: unknown) {
            posted.push(message);
            thread.post(message);
          },
        };
        return noting as ReturnType<NonNullable<PreparerOptions["startThread"]>>;
      },
    });
    const leaving = new AbortController();
    const left = made.prepare(samples.refunds, testContext({ signal: leaving.signal }));
    leaving.abort();
    await expect(left).rejects.toMatchObject({ errorClass: "aborted" });
    expect((await made.prepare(samples.shipping, testContext())).chunks.length).toBe(2);
    expect(posted).toEqual([{ id: 1, task: expect.anything() }, { id: 1 }, { id: 2, task: expect.anything() }]);
  });

  it("leaves nobody waiting when it is closed", async () => {
    const made = preparer({});
    const waiting = made.prepare(samples.refunds, testContext());
    const seen = expect(waiting).rejects.toMatchObject({ errorClass: "aborted" });
    await made.close();
    await seen;
    await expect(made.prepare(samples.refunds, testContext())).rejects.toMatchObject({ errorClass: "aborted" });
  });

  it("does nothing in its thread while that is held, and then all of it", async () => {
    const hold = createThreadHold();
    const made = preparer({ hold });
    hold.set(true);
    let settled = false;
    const prepared = made.prepare(samples.refunds, testContext()).finally(() => {
      settled = true;
    });
    await waits(hold);
    await waits(hold);
    expect(settled).toBe(false);
    hold.set(false);
    expect(plainly(await prepared)).toMatchObject(
      plainly(await preparer({ inline: true }).prepare(samples.refunds, testContext())),
    );
  });

  it("lets go whoever leaves, and ends, while its thread is held", async () => {
    const hold = createThreadHold();
    const made = preparer({ hold });
    hold.set(true);
    const leaving = new AbortController();
    const left = made.prepare(samples.refunds, testContext({ signal: leaving.signal }));
    const waiting = made.prepare(samples.shipping, testContext());
    const seen = expect(waiting).rejects.toMatchObject({ errorClass: "aborted" });
    await waits(hold);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ errorClass: "aborted" });
    await made.close();
    await seen;
  });
});
