import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import onnxProto from "onnx-proto";
import { tinyTokenizer, tokenRows } from "./tiny-tokenizer.ts";

const { onnx } = onnxProto;

/** Numbers in a vector of the tiny models. */
export const TINY_DIMENSION = 32;

export type TinyKind = "embedding" | "cross-encoder";

/** The files of a model, by their path inside its repository. */
export type ModelFiles = Readonly<Record<string, Uint8Array | string>>;

/**
 * A real ONNX model with tokenizer and configuration, some 600 kB. `embedding`: each token has a pseudo-random row, so that
 * texts of the same words and characters get near vectors. `cross-encoder`: its logit is 10 times the share of the question's
 * tokens that the text holds, minus 5. English falls into words and pairs of letters, Chinese into characters.
 */
export function tinyModel(kind: TinyKind, options: { readonly dimension?: number } = {}): ModelFiles {
  const dimension = options.dimension ?? TINY_DIMENSION;
  const tokenizer = tinyTokenizer();
  const rows = rowsOf(Object.keys(tokenizer.model.vocab).length, dimension);
  return {
    "config.json": JSON.stringify({
      model_type: "bert",
      hidden_size: dimension,
      max_position_embeddings: 512,
      ...(kind === "cross-encoder" && { id2label: { 0: "LABEL_0" } }),
    }),
    "tokenizer_config.json": JSON.stringify({
      tokenizer_class: "BertTokenizer",
      model_max_length: 512,
      unk_token: "[UNK]",
      sep_token: "[SEP]",
      pad_token: "[PAD]",
      cls_token: "[CLS]",
    }),
    "tokenizer.json": JSON.stringify(tokenizer),
    "onnx/model.onnx": kind === "embedding" ? embeddingGraph(rows, dimension) : crossEncoderGraph(rows),
  };
}

/** Writes the files under `directory` as they lie in a local directory: `MODEL/FILE`. */
export async function writeLocal(directory: string, model: string, files: ModelFiles): Promise<void> {
  await writeFiles(join(directory, model), files);
}

/** Writes the files under `directory` as a hub serves them: `MODEL/resolve/REVISION/FILE`. */
export async function writeHub(directory: string, model: string, files: ModelFiles, revision = "main"): Promise<void> {
  await writeFiles(join(directory, model, "resolve", revision), files);
}

async function writeFiles(directory: string, files: ModelFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, content);
  }
}

function embeddingGraph(rows: Tensor, dimension: number): Uint8Array {
  return encode(
    [node("Gather", ["rows", "input_ids"], ["last_hidden_state"])],
    ["input_ids", "attention_mask", "token_type_ids"],
    output("last_hidden_state", ["batch", "tokens", dimension]),
    [rows],
  );
}

/** For each token of the question the nearest token of the text; the mean of these, over the question. */
function crossEncoderGraph(rows: Tensor): Uint8Array {
  return encode(
    [
      node("Gather", ["rows", "input_ids"], ["tokens"]),
      node("Cast", ["token_type_ids"], ["types"], [integer("to", onnx.TensorProto.DataType.FLOAT)]),
      node("Cast", ["attention_mask"], ["mask"], [integer("to", onnx.TensorProto.DataType.FLOAT)]),
      node("Mul", ["types", "mask"], ["second"]),
      node("Sub", ["mask", "second"], ["first"]),
      node("Transpose", ["tokens"], ["turned"], [integers("perm", [0, 2, 1])]),
      node("MatMul", ["tokens", "turned"], ["similarities"]),
      node("Unsqueeze", ["second"], ["second_row"], [integers("axes", [1])]),
      node("Mul", ["similarities", "second_row"], ["of_second"]),
      node("ReduceMax", ["of_second"], ["nearest"], [integers("axes", [2]), integer("keepdims", 0)]),
      node("Mul", ["nearest", "first"], ["of_first"]),
      node("ReduceSum", ["of_first"], ["sum"], [integers("axes", [1]), integer("keepdims", 1)]),
      node("ReduceSum", ["first"], ["length"], [integers("axes", [1]), integer("keepdims", 1)]),
      node("Div", ["sum", "length"], ["share"]),
      node("Mul", ["share", "ten"], ["scaled"]),
      node("Sub", ["scaled", "five"], ["logits"]),
    ],
    ["input_ids", "attention_mask", "token_type_ids"],
    output("logits", ["batch", 1]),
    [rows, tensor("ten", [1], new Float32Array([10])), tensor("five", [1], new Float32Array([5]))],
  );
}

const rowsOf = (tokens: number, dimension: number) => tensor("rows", [tokens, dimension], tokenRows(tokens, dimension));

type Node = ReturnType<typeof node>;
type Tensor = ReturnType<typeof tensor>;
type Attribute = ReturnType<typeof integer>;

function node(
  opType: string,
  input: readonly string[],
  outputs: readonly string[],
  attribute: readonly Attribute[] = [],
) {
  return new onnx.NodeProto({ opType, input: [...input], output: [...outputs], attribute: [...attribute] });
}

function integer(name: string, value: number) {
  return new onnx.AttributeProto({ name, type: onnx.AttributeProto.AttributeType.INT, i: value });
}

function integers(name: string, values: readonly number[]) {
  return new onnx.AttributeProto({ name, type: onnx.AttributeProto.AttributeType.INTS, ints: [...values] });
}

function tensor(name: string, dims: readonly number[], values: Float32Array) {
  return new onnx.TensorProto({
    name,
    dims: [...dims],
    dataType: onnx.TensorProto.DataType.FLOAT,
    rawData: new Uint8Array(values.buffer),
  });
}

function valueInfo(name: string, elemType: number, dims: readonly (string | number)[]) {
  const dim = dims.map((size) => (typeof size === "string" ? { dimParam: size } : { dimValue: size }));
  return new onnx.ValueInfoProto({ name, type: { tensorType: { elemType, shape: { dim } } } });
}

const output = (name: string, dims: readonly (string | number)[]) =>
  valueInfo(name, onnx.TensorProto.DataType.FLOAT, dims);

function encode(
  nodes: readonly Node[],
  inputs: readonly string[],
  result: ReturnType<typeof output>,
  initializer: readonly Tensor[],
): Uint8Array {
  const model = new onnx.ModelProto({
    irVersion: 7,
    // The last version in which the axes of a reduction are attributes.
    opsetImport: [{ domain: "", version: 12 }],
    graph: new onnx.GraphProto({
      name: "tiny",
      node: [...nodes],
      input: inputs.map((name) => valueInfo(name, onnx.TensorProto.DataType.INT64, ["batch", "tokens"])),
      output: [result],
      initializer: [...initializer],
    }),
  });
  return onnx.ModelProto.encode(model).finish();
}
