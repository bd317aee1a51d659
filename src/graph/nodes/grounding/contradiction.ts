import { type Figure, isAmong } from "../../../retrieval/figures/figures.ts";
import { tokenise } from "../../../text/tokenise.ts";

/** A sentence that a reply is held against. */
export interface GroundSentence {
  /** Without its figures. */
  readonly said: string;
  readonly figures: readonly Figure[];
  /** What it is about, see `subjectOf`. */
  readonly subject: ReadonlySet<string>;
  /** The same with the headings that it stands under. */
  readonly scope: ReadonlySet<string>;
}

const termsIn = (text: string) =>
  tokenise(text)
    .filter(({ kind, stop }) => kind !== "pair" && !stop)
    .map(({ term }) => term);

/** Units, and verbs that any figure goes with: they say nothing of what has the figure. */
const ANY = new Set(
  termsIn(
    "second minute hour day week month year working business calendar full percent yuan cny rmb usd eur euro dollar gbp pound kg gram cm mm metre litre watt degree piece item " +
      "take cost need require last amount come charge usual usually normally generally typically approximately least total " +
      "秒 分钟 小时 钟头 天 日 周 星期 月 个月 年 工作日 自然日 工作 元 块 折 度 公斤 克 米 升 件 需要 需 一般 通常 大约 左右 内 为 达 共 长达 最多 最少 至少 收费 费用",
  ),
);

/** What a text is about, as terms: without words of grammar, units and verbs of measure. */
export function subjectOf(text: string): ReadonlySet<string> {
  return new Set(termsIn(text).filter((term) => !ANY.has(term)));
}

/**
 * How sure it is that a sentence gives a figure to something that has another one of the same unit. `certain`: a sentence of
 * the pages says just this of another figure, and where the figure is, it is something else's. `possible`: neither is clear.
 *
 * @param said the sentence without its figures
 */
export function contradictionIn(
  said: string,
  figures: readonly Figure[],
  sentences: readonly GroundSentence[],
): "none" | "possible" | "certain" {
  const about = subjectOf(said);
  let found: "none" | "possible" = "none";
  if (about.size === 0) return found;
  for (const figure of figures) {
    if (figure.kind !== "quantity" || figure.unit === null) continue;
    const same = sentences.filter((sentence) => sentence.figures.some((other) => isSameKind(figure, other)));
    const there = same.filter((sentence) => isAmong(figure, sentence.figures));
    const rivals = same.filter((sentence) => !there.includes(sentence) && isWithin(about, sentence.scope));
    // What has it may be about just this, or say no more than the figure.
    if (rivals.length === 0 || there.some(({ subject, scope }) => isWithin(about, scope) || isWithin(subject, about)))
      continue;
    if (rivals.some(({ subject }) => isWithin(subject, about))) return "certain";
    found = "possible";
  }
  return found;
}

const isWithin = (some: ReadonlySet<string>, all: ReadonlySet<string>) => [...some].every((term) => all.has(term));

function isSameKind(one: Figure, other: Figure): boolean {
  return one.kind === "quantity" && other.kind === "quantity" && one.unit?.kind === other.unit?.kind;
}
