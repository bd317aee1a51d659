import type { StoredDocument } from "../../src/retrieval/ingest.ts";
import type { PackedWords } from "../../src/retrieval/prepared.ts";
import { createWordsPacker } from "../../src/retrieval/words-pack.ts";
import { createTermCodes, type TermCodes } from "../../src/text/term-codes.ts";

/** The codes of plain words with these terms. */
export const codesOf = ({ numberOf }: TermCodes, terms: readonly string[]) => terms.map((term) => numberOf(term) << 2);

/** The words of passages with these terms, as those of a document of their own. */
export function packedWords(passages: readonly (readonly string[])[], codes = createTermCodes()): PackedWords {
  const packer = createWordsPacker(codes.terms);
  for (const terms of passages) packer.add(codesOf(codes, terms));
  return packer.finish();
}

/** A document whose passages are the given texts, under headings in turn. */
export function documentOf(
  documentId: string,
  texts: readonly string[],
  headings: readonly string[] = [""],
): StoredDocument {
  let text = "";
  const chunks = texts.map((passage, index) => {
    const start = text.length;
    text += `${passage}\n`;
    return { heading: headings[index % headings.length] ?? "", start, end: start + passage.length };
  });
  return { documentId, name: `${documentId}.md`, title: "Handbook", text, chunks };
}

export const samples = {
  refunds: documentOf(
    "doc_refunds",
    [
      "Refunds take 5 days, not more.",
      "long waits: 没拆封的商品可以退款。 How long?",
      "",
      "e-mail 16GB",
      "Refunds take 5 days, not more.",
      "opened",
      "拆封",
    ],
    // What is asked and denied in a heading goes on in the text below it, for the vector of both together.
    ["Refunds", "Refunds › How", "退款 › 没", ""],
  ),
  shipping: documentOf("doc_shipping", ["Parcels are sent daily.", "包裹每天寄出。"]),
  empty: documentOf("doc_empty", []),
};
