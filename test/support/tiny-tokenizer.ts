/** Tokens that say nothing: the first ids, whose rows are zeros. */
const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
const [, UNK, CLS, SEP] = SPECIAL.keys();
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789".split("");
/** Words that are tokens of their own; all others fall into pairs of letters. */
const WORDS =
  "account and bank buy can card clean cleaning days delivery do does five for from how in is it kettle long machine my of order " +
  "pay refund refunds return returns rinse send shop takes take tank text the to track warranty water week weekly what where with your";

/** A WordPiece tokenizer, as in BERT: words, pairs of letters, letters, and the 3,755 common Chinese characters. */
export function tinyTokenizer() {
  const pairs = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));
  const pieces = [...LETTERS, ...pairs].flatMap((piece) => [piece, `##${piece}`]);
  const tokens = [...new Set([...SPECIAL, ...pieces, ...WORDS.split(" "), ...commonCharacters()])];
  const special = (id: number) => ({ SpecialToken: { id: SPECIAL[id], type_id: 0 } });
  const second = { SpecialToken: { id: "[SEP]", type_id: 1 } };
  const sequence = (id: "A" | "B") => ({ Sequence: { id, type_id: id === "A" ? 0 : 1 } });
  return {
    version: "1.0",
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [special(CLS ?? 0), sequence("A"), special(SEP ?? 0)],
      pair: [special(CLS ?? 0), sequence("A"), special(SEP ?? 0), sequence("B"), second],
      special_tokens: Object.fromEntries(SPECIAL.map((id, at) => [id, { id, ids: [at], tokens: [id] }])),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: SPECIAL[UNK ?? 0],
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
}

/** One row of unit length for each token, the same on every machine; zeros for the special ones. */
export function tokenRows(tokens: number, dimension: number): Float32Array {
  const rows = new Float32Array(tokens * dimension);
  let state = 1;
  for (let id = SPECIAL.length; id < tokens; id += 1) {
    const row = rows.subarray(id * dimension, (id + 1) * dimension);
    for (let at = 0; at < dimension; at += 1) {
      // Numbers as in "Numerical Recipes", which are random enough here.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      row[at] = state / 2 ** 31 - 1;
    }
    const length = Math.hypot(...row);
    row.set(row.map((value) => value / length));
  }
  return rows;
}

/** Level 1 of GB 2312, whose two bytes run in order of pronunciation. */
function commonCharacters(): readonly string[] {
  const decoder = new TextDecoder("gbk");
  const characters: string[] = [];
  for (let first = 0xb0; first <= 0xd7; first += 1) {
    const last = first === 0xd7 ? 0xf9 : 0xfe;
    for (let second = 0xa1; second <= last; second += 1)
      characters.push(decoder.decode(new Uint8Array([first, second])));
  }
  return characters;
}
