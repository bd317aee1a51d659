import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StoredDocument } from "../../src/retrieval/ingest.ts";
import { createLibrary, type Library } from "../../src/retrieval/library.ts";
import type { PreparedDocument } from "../../src/retrieval/prepared.ts";
import { createPreparer } from "../../src/retrieval/preparer.ts";
import { questionTerms } from "../../src/retrieval/terms.ts";
import { testContext } from "../support/context.ts";
import { documentOf, samples } from "./prepared-samples.ts";

const preparer = createPreparer({ inline: true });
const prepare = (document: StoredDocument) => preparer.prepare(document, testContext());
const nobodyLeaves = new AbortController().signal;

const questions = ["how long do refunds take", "没拆封的退款", "sent e-mail", "passage 7"];

/** Everything that can be asked of a library. */
function seen(library: Library) {
  return {
    documents: [...library.documents.keys()].sort(),
    chunks: [...library.chunks]
      .map(([id, { text, path, topic, language }]) => JSON.stringify([id, text, path, topic, language]))
      .sort(),
    passages: library.words.documents,
    found: questions.map((question) => library.words.search(questionTerms(question), 9)),
    holding: ["refund", "退款", "parcel"].map((term) => library.words.holding(term)),
  };
}

let directory = "";
let file = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "understudy-library-"));
  file = join(directory, "words");
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("the library", () => {
  it("has all of a document or nothing, and one version under a name", async () => {
    const library = createLibrary();
    const next = { ...samples.shipping, name: samples.refunds.name };
    library.put(await prepare(samples.refunds));
    expect(library.byName("doc_refunds.md")).toBe(samples.refunds);
    await library.stage(await prepare(next), nobodyLeaves);
    expect([library.words.documents, library.chunks.size]).toEqual([7, 7]);
    library.put(await prepare(next));
    const alone = createLibrary();
    alone.put(await prepare(next));
    expect(seen(library)).toEqual(seen(alone));
    library.remove("doc_shipping");
    library.remove("doc_shipping");
    expect(seen(library)).toEqual(seen(createLibrary()));
    expect(library.byName("doc_refunds.md")).toBeUndefined();
  });

  it("knows passages by their ids and nothing else", async () => {
    const library = createLibrary();
    library.put(await prepare(samples.refunds));
    expect(library.chunks.get("doc_refunds.1")?.language).toBe("zh");
    for (const id of [
      "doc_refunds.7",
      "doc_refunds.01",
      "doc_refunds.",
      "doc_refunds",
      "doc_refunds. 1",
      "doc_refunds.-1",
      ".1",
      "",
    ]) {
      expect([id, library.chunks.has(id)]).toEqual([id, false]);
    }
    const ids = Array.from({ length: 7 }, (_, index) => `doc_refunds.${index}`);
    expect([...library.chunks.keys()]).toEqual(ids);
    const visited: string[] = [];
    library.chunks.forEach((chunk, id, all) => visited.push(all.get(id) === chunk ? id : "another"));
    expect(visited).toEqual(ids);
  });

  it("forgets what was staged and is taken back, or left half way", async () => {
    const library = createLibrary();
    const leaving = new AbortController();
    const long = documentOf(
      "doc_long",
      Array.from({ length: 4_000 }, (_, n) => `passage ${n} of ${n % 7}`),
    );
    const prepared = await prepare(long);
    const staging = library.stage(prepared, leaving.signal);
    leaving.abort();
    await expect(staging).rejects.toMatchObject({ errorClass: "aborted" });
    await library.stage(await prepare(samples.shipping), nobodyLeaves);
    expect([library.words.has("doc_long"), library.words.has("doc_shipping")]).toEqual([false, true]);
    library.remove("doc_shipping");
    await library.stage(prepared, nobodyLeaves);
    library.remove("doc_long");
    expect(seen(library)).toEqual(seen(createLibrary()));
    expect(() => library.put({ ...prepared, words: undefined as never })).toThrow("doc_long");
    library.put(prepared);
    const alone = createLibrary();
    alone.put(prepared);
    expect(seen(library)).toEqual(seen(alone));
  });

  it("takes over a document that is put again without its words", async () => {
    const library = createLibrary();
    const { words, ...prepared } = await prepare(samples.refunds);
    library.put({ ...prepared, ...(words && { words }) });
    const before = seen(library);
    library.put({ ...prepared, keys: prepared.keys });
    expect(seen(library)).toEqual(before);
  });

  it("packs by itself when much has gone, and finds the same", async () => {
    const library = createLibrary();
    const texts = Array.from({ length: 300 }, (_, n) => `passage ${n}`);
    const first = await prepare(documentOf("doc_0", texts));
    for (let number = 0; number < 12; number += 1) {
      const documentId = `doc_${number}`;
      library.put({ ...first, document: { ...first.document, documentId, name: documentId } });
    }
    for (let number = 1; number < 12; number += 1) library.remove(`doc_${number}`);
    expect(library.words.isLoose).toBe(true);
    const before = seen(library).found;
    await vi.waitFor(() => expect(library.words.isLoose).toBe(false));
    expect(seen(library).found).toEqual(before);
    await library.close();
  });
});

describe("the file of the words", () => {
  async function saved(): Promise<Library> {
    const library = createLibrary({ file });
    for (const document of Object.values(samples)) library.put(await prepare(document));
    await library.save();
    return library;
  }

  async function recalled(report = (error: unknown): void => expect.unreachable(String(error))) {
    const library = createLibrary({ file, report });
    const made: string[] = [];
    for (const document of Object.values(samples)) {
      const known = library.recall(document);
      if (!known) made.push(document.documentId);
      library.put(known ?? (await prepare(document)));
    }
    library.recalled();
    return { library, made };
  }

  it("brings back what was saved, without its words being made again", async () => {
    const before = await saved();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["words"]);
    const { library, made } = await recalled();
    expect(made).toEqual([]);
    expect(seen(library)).toEqual(seen(before));
    const known = createLibrary({ file }).recall(samples.refunds);
    const { words: _, ...prepared } = await prepare(samples.refunds);
    expect(known).toEqual(prepared);
  });

  it("finds nothing of what is in it before it is put, and forgets what is not", async () => {
    await saved();
    const library = createLibrary({ file });
    expect(seen(library)).toEqual(seen(createLibrary()));
    const known = library.recall(samples.shipping);
    expect(library.recall({ ...samples.shipping, chunks: samples.shipping.chunks.slice(1) })).toBeUndefined();
    expect(library.recall({ ...samples.shipping, documentId: "doc_other" })).toBeUndefined();
    library.put(known as PreparedDocument);
    library.recalled();
    expect(library.recall(samples.refunds)).toBeUndefined();
    expect([library.words.has("doc_refunds"), library.words.has("doc_shipping")]).toEqual([false, true]);
    const alone = createLibrary();
    alone.put(await prepare(samples.shipping));
    expect(seen(library)).toEqual(seen(alone));
    await library.save();
    expect(createLibrary({ file }).recall(samples.refunds)).toBeUndefined();
  });

  it("is left alone until everything stored has been put, and where nothing has changed", async () => {
    await saved();
    const { library } = await recalled();
    rmSync(file);
    await library.save();
    expect(readdirSync(directory)).toEqual([]);
    library.remove("doc_refunds");
    await library.save();
    expect((await recalled()).made).toEqual(["doc_refunds"]);
  });

  it("is written anew when it lacked something, or had something that is not stored any more", async () => {
    const before = await saved();
    const { refunds, shipping } = samples;
    const less = createLibrary({ file });
    less.put(less.recall(refunds) as PreparedDocument);
    less.recalled();
    rmSync(file);
    await less.save();
    const more = createLibrary({ file });
    more.put(more.recall(refunds) as PreparedDocument);
    expect(more.recall(shipping)).toBeUndefined();
    for (const document of Object.values(samples)) if (document !== refunds) more.put(await prepare(document));
    more.recalled();
    await more.save();
    const { library, made } = await recalled();
    expect(made).toEqual([]);
    expect(seen(library)).toEqual(seen(before));
  });

  it("has what was there when saving began, whatever changes meanwhile", async () => {
    const library = createLibrary({ file });
    library.put(await prepare(samples.refunds));
    const saving = library.save();
    library.put(await prepare(samples.shipping));
    await saving;
    await library.save();
    const { made } = await recalled();
    expect(made).toEqual(["doc_empty"]);
  });

  it("tells when it cannot be written, and is tried again with the next save", async () => {
    const reports: unknown[] = [];
    writeFileSync(join(directory, "taken"), "");
    const library = createLibrary({ file: join(directory, "taken", "words"), report: (error) => reports.push(error) });
    library.put(await prepare(samples.refunds));
    // It could not be read either.
    expect(reports.length).toBe(1);
    await library.save();
    expect(reports.length).toBe(2);
    rmSync(join(directory, "taken"));
    await library.save();
    expect([reports.length, readdirSync(join(directory, "taken"))]).toEqual([2, ["words"]]);
  });

  it("never brings back anything wrong from a file that is cut off, changed or of something else", async () => {
    const before = seen(await saved());
    const whole = readFileSync(file);
    const damaged = fc.oneof(
      fc.nat(whole.length - 1).map((length) => whole.subarray(0, length)),
      fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, bits]) => {
        const copy = Buffer.from(whole);
        copy[at] = (copy[at] ?? 0) ^ bits;
        return copy;
      }),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([whole, bytes, Buffer.from("x")])),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    await fc.assert(
      fc.asyncProperty(damaged, async (bytes) => {
        writeFileSync(file, bytes);
        const reports: unknown[] = [];
        const { library, made } = await recalled((error) => reports.push(error));
        expect([made.length, reports.length]).toEqual([3, 1]);
        expect(seen(library)).toEqual(before);
      }),
    );
  });

  it("does not wait for a pipe in its place, and replaces it", async () => {
    execFileSync("mkfifo", [file]);
    const reports: unknown[] = [];
    const { library, made } = await recalled((error) => reports.push(error));
    expect([made.length, String(reports)]).toEqual([3, expect.stringContaining("not a regular file")]);
    await library.save();
    expect(statSync(file).isFile()).toBe(true);
    expect((await recalled()).made).toEqual([]);
  });

  it("is of no use to another revision of the words", async () => {
    await saved();
    const bytes = readFileSync(file);
    const start = bytes.indexOf("\n") + 9;
    const length = bytes.readUInt32LE(start - 8);
    const head = Buffer.from(
      bytes
        .subarray(start, start + length)
        .toString()
        .replace(/("revision":")./, "$10"),
    );
    head.copy(bytes, start);
    bytes.writeUInt32LE(crc32(head), start - 4);
    writeFileSync(file, bytes);
    const reports: unknown[] = [];
    const { made } = await recalled((error) => reports.push(error));
    expect([made.length, String(reports)]).toEqual([3, expect.stringContaining("another version")]);
  });
});
