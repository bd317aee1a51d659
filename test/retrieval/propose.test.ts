import fc from "fast-check";
import { expect, it } from "vitest";
import type { Library, LibraryChunk } from "../../src/retrieval/library.ts";
import { candidatesOf } from "../../src/retrieval/propose.ts";
import { fuse } from "../../src/retrieval/rrf.ts";

const LIMIT = 25;
const SURE = 8;

it("the first eight texts of the words are candidates, and then the first of both paths, 25 at most, whatever the vectors find", () => {
  // Ids of the same remainder have the same text.
  const id = fc.integer({ min: 0, max: 80 }).map((number) => `c${number}`);
  const textOf = (of: string) => `text ${Number(of.slice(1)) % 70}`;
  const ids = fc.uniqueArray(id, { maxLength: 40 });
  const chunks = new Map(
    Array.from({ length: 81 }, (_, at) => [`c${at}`, { id: `c${at}`, text: textOf(`c${at}`) } as LibraryChunk]),
  );
  const library = { chunks } as unknown as Library;
  fc.assert(
    fc.property(ids, ids, fc.constantFrom(0.1, 0.6), (lexical, semantic, share) => {
      const ranked = fuse([
        { ids: semantic, weight: share },
        { ids: lexical, weight: 1 - share },
      ]);
      const fused = new Map(ranked.map(({ id, score }) => [id, score]));
      const found = candidatesOf(library, { lexical, semantic, fused, kind: "model" }, undefined).map(
        ({ text }) => text,
      );
      const different = [...new Set([...fused.keys()].map(textOf))];
      const sure = new Set([...new Set(lexical.map(textOf))].slice(0, SURE));
      const others = new Set(different.filter((text) => !sure.has(text)).slice(0, LIMIT - sure.size));
      expect(found).toEqual(different.filter((text) => sure.has(text) || others.has(text)));
    }),
  );
});
