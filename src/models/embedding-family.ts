import type { Pooling } from "./protocol.ts";

/** What the authors of a model say how it is to be used: without it the same weights give worse vectors. */
export interface EmbeddingFamily {
  readonly pooling: Pooling;
  /** Goes before a question. */
  readonly query: string;
  /** Goes before a passage. */
  readonly document: string;
}

const plain: EmbeddingFamily = { pooling: "mean", query: "", document: "" };
const SEARCHING = "Represent this sentence for searching relevant passages: ";

/** By the name of the model without its owner, from the models' own pages; the first that fits. */
const families: readonly { readonly name: RegExp; readonly family: EmbeddingFamily }[] = [
  {
    name: /^(multilingual-)?e5-\w+(-v2)?(-onnx)?$/i,
    family: { pooling: "mean", query: "query: ", document: "passage: " },
  },
  { name: /^bge-m3/i, family: { ...plain, pooling: "cls" } },
  { name: /^bge-\w+-zh/i, family: { pooling: "cls", query: "为这个句子生成表示以用于检索相关文章：", document: "" } },
  { name: /^bge-\w+-en/i, family: { pooling: "cls", query: SEARCHING, document: "" } },
  {
    name: /^(mxbai-embed|snowflake-arctic-embed)-\w+(-v1(\.\d)?)?$/i,
    family: { pooling: "cls", query: SEARCHING, document: "" },
  },
  { name: /^nomic-embed-text/i, family: { pooling: "mean", query: "search_query: ", document: "search_document: " } },
];

/** Any other model: the mean of the tokens, and the text as it is. */
export function embeddingFamily(model: string): EmbeddingFamily {
  const name = model.slice(model.lastIndexOf("/") + 1);
  return families.find((entry) => entry.name.test(name))?.family ?? plain;
}
