import { LayerError } from "../fallbacks/core/errors.ts";
import type { Batch, Pooling, Rows } from "./protocol.ts";
import type { Model, Tokenizer, Vendor } from "./vendor.ts";

export interface Parts {
  readonly vendor: Vendor;
  readonly tokenizer: Tokenizer;
  readonly model: Model;
  /** Most tokens in a text, or in both texts of a pair together. */
  readonly limit: number;
}

type Tensor = InstanceType<Vendor["Tensor"]>;

/** The question's share of a pair at most, so that some of the text is always read. */
const QUESTION_SHARE = 0.5;

/** One vector of unit length for each text, pooled from those of its tokens. */
export async function embed(parts: Parts, pooling: Pooling, texts: readonly string[]): Promise<Rows> {
  const { vendor, tokenizer, model, limit } = parts;
  const inputs = tokenizer([...texts], { padding: true, truncation: true, max_length: limit });
  const outputs = (await model.forward(inputs)) as Readonly<Record<string, Tensor | undefined>>;
  const tokens = outputs["last_hidden_state"] ?? outputs["token_embeddings"];
  if (!tokens) throw misfit(`it gives no vectors of tokens, but ${Object.keys(outputs).join(", ")}`);
  const pooled = pooling === "cls" ? tokens.slice(null, 0) : vendor.mean_pooling(tokens, inputs.attention_mask);
  return { ...rowsOf(pooled.normalize(2, -1)), usable: usableRows(tokenizer, inputs) };
}

/** The logits of each pair. */
export async function classify({ tokenizer, model, limit }: Parts, { texts, pairs }: Batch): Promise<Rows> {
  const questions = texts.map((text) => shortened(tokenizer, text, Math.floor(limit * QUESTION_SHARE)));
  const inputs = tokenizer(questions, {
    text_pair: [...(pairs ?? [])],
    padding: true,
    truncation: true,
    max_length: limit,
  });
  const { logits } = (await model.forward(inputs)) as Readonly<Record<string, Tensor | undefined>>;
  if (!logits) throw misfit("it gives no logits, as it does not classify texts");
  return { ...rowsOf(logits), usable: texts.map(() => true) };
}

function rowsOf({ data, dims, type }: Tensor): Pick<Rows, "data" | "width"> {
  if (!(data instanceof Float32Array)) throw misfit(`it answers with ${type} numbers instead of float32`);
  return { data, width: dims.at(-1) ?? 0 };
}

/** The files are whole, so that fetching them again would not help. */
const misfit = (how: string) => new LayerError("server", `the model does not fit its task: ${how}`);

/** Which texts hold a token beyond the special ones, among which is the unknown one. */
function usableRows(
  tokenizer: Tokenizer,
  inputs: { readonly input_ids: Tensor; readonly attention_mask: Tensor },
): readonly boolean[] {
  const special = new Set(tokenizer.all_special_ids);
  const masks = inputs.attention_mask.tolist() as readonly (readonly bigint[])[];
  const ids = inputs.input_ids.tolist() as readonly (readonly bigint[])[];
  return ids.map((row, at) => row.some((id, place) => masks[at]?.[place] === 1n && !special.has(Number(id))));
}

function shortened(tokenizer: Tokenizer, text: string, most: number): string {
  const ids = tokenizer.encode(text, { add_special_tokens: false });
  return ids.length <= most ? text : tokenizer.decode(ids.slice(0, most), { skip_special_tokens: true });
}
