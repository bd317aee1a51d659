/** What a number counts, as one unit of each kind: a year is 12 months and a day 1,440 minutes. */
export interface Unit {
  readonly kind: string;
  /** How many of the kind's own unit it is. */
  readonly factor: number;
}

const unit = (kind: string, factor: number, ...words: string[]) => ({ kind, factor, words });

/** Words are regular expressions of folded text; longer ones first where one begins another. */
const table = [
  unit("age", 1, "周?岁", "years?[\\s-]old"),
  unit("minutes", 1 / 60, "seconds?", "secs?", "秒钟?"),
  unit("minutes", 1, "minutes?", "mins?", "分钟"),
  unit("minutes", 60, "hours?", "hrs?", "h", "小时", "钟头"),
  unit(
    "minutes",
    1_440,
    "(?:(?:working|business|calendar|full|more|whole)[\\s-])?days?",
    "(?:工作|自然)日",
    "天",
    "日(?!元)",
  ),
  unit("minutes", 10_080, "(?:full\\s)?weeks?", "周", "星期", "礼拜"),
  unit("minutes", 20_160, "fortnights?"),
  unit("months", 1, "(?:full\\s|calendar\\s)?months?", "(?<=个)月"),
  unit("months", 12, "(?:full\\s)?years?", "yrs?", "年"),
  unit("percent", 1, "%", "percent", "per\\scent"),
  unit("discount", 1, "折"),
  unit("cny", 1, "cny", "rmb", "yuan", "元", "块钱?", "人民币"),
  unit("usd", 1, "usd", "(?:us\\s)?dollars?", "bucks?", "美元", "美金"),
  unit("eur", 1, "eur", "euros?", "欧元"),
  unit("usd", 0.01, "cents?", "美分"),
  unit("gbp", 1, "gbp", "pounds?(?:\\ssterling)?", "quid", "英镑"),
  unit("gbp", 0.01, "pence"),
  unit("hkd", 1, "hkd", "港币", "港元"),
  unit("pieces", 1, "items?", "pieces?", "件(?!事|东西)"),
  unit("jpy", 1, "jpy", "yen", "日元"),
  unit("grams", 1_000, "kg", "kilograms?", "kilos?", "公斤", "千克"),
  unit("grams", 1, "g", "grams?", "克"),
  unit("millimetres", 1_000_000, "km", "kilometres?", "kilometers?", "公里", "千米"),
  unit("millimetres", 10, "cm", "centimetres?", "centimeters?", "厘米", "公分"),
  unit("millimetres", 1, "mm", "millimetres?", "millimeters?", "毫米"),
  unit("millimetres", 1_000, "m", "metres?", "meters?", "米"),
  unit("millilitres", 1, "ml", "millilitres?", "milliliters?", "毫升"),
  unit("millilitres", 1_000, "l", "litres?", "liters?", "升"),
  unit("watts", 1_000, "kw", "kilowatts?", "千瓦"),
  unit("watts", 1, "w", "watts?", "瓦"),
  unit("degrees", 1, "°c?", "℃", "degrees?", "度"),
];

/** Right before a number, without the gap. */
const prefixes: readonly (readonly [RegExp, string])[] = [
  [/(?:^|[^a-z])(?:cny|rmb|cn¥)$/, "cny"],
  [/(?:^|[^a-z])hk[$d]d?$/, "hkd"],
  [/(?:^|[^a-z])(?:nt|a|c|s|nz)\$$/, "other dollar"],
  [/(?:^|[^a-z])usd$/, "usd"],
  [/(?:^|[^a-z])eur$/, "eur"],
  [/(?:^|[^a-z])gbp$/, "gbp"],
];
const symbols = new Map([
  ["¥", "cny"],
  ["￥", "cny"],
  ["$", "usd"],
  ["€", "eur"],
  ["£", "gbp"],
]);

const matchers = table.map(({ kind, factor, words }) => ({
  // A Latin word ends where it ends; a Han one may be followed by anything.
  pattern: new RegExp(
    `^[\\s-]*(?:个(?:半)?)?\\s*(?:${words.map((word) => (/[a-z?]$/.test(word) && !/\p{Script=Han}/u.test(word) ? `${word}(?![a-z])` : word)).join("|")})`,
    "u",
  ),
  unit: { kind, factor },
}));

/** The unit that a number has whose text goes on with `after` and which the sign `before` stands in front of; null: none that is known. */
export function unitOf(after: string, before: string): Unit | null {
  const sign = before.trimEnd();
  const symbol = prefixes.find(([prefix]) => prefix.test(sign))?.[1] ?? symbols.get(sign.at(-1) ?? "");
  if (symbol !== undefined) return { kind: symbol, factor: 1 };
  return matchers.find(({ pattern }) => pattern.test(after))?.unit ?? null;
}
