import { describe, expect, it } from "vitest";
import { type SynonymEntry, synonymEntries, synonymsOf, synonymTerm } from "../../src/text/synonyms.ts";
import { tokenise } from "../../src/text/tokenise.ts";

const entries = synonymEntries();
const isGroup = ({ asked, found }: SynonymEntry) => asked === found;
const wordsOf = (entry: SynonymEntry) => (isGroup(entry) ? entry.asked : [...entry.asked, ...entry.found]);
const isChinese = (word: string) => /\p{Script=Han}/u.test(word);
/** Pairs of terms that an entry joins, "asked>found". */
const pairsOf = ({ asked, found }: SynonymEntry) => {
  const right = found.map(synonymTerm);
  return asked.flatMap((word) => {
    const left = synonymTerm(word);
    return right.filter((term) => term !== left).map((term) => `${left}>${term}`);
  });
};
/** What a text gives besides stop words. */
const heardIn = (text: string) => tokenise(text).flatMap(({ term, stop }) => (stop ? [] : [term]));

describe("synonymsOf", () => {
  it("knows other words of the same language, both ways, and never the word itself", () => {
    expect(synonymsOf("coupon")).toContain("voucher");
    expect(synonymsOf("voucher")).toContain("coupon");
    expect(synonymsOf("账号")).toContain("账户");
    expect(synonymsOf("coupon")).not.toContain("coupon");
    expect([...synonymsOf("coupon")].join("")).not.toMatch(/\p{Script=Han}/u);
    expect(synonymsOf("unheard")).toEqual(new Set());
  });

  it.each([
    ["reimbursed", "refund"],
    ["my acct", "account"],
    ["pwd", "password"],
    ["trainers", "sneakers"],
    ["the parcel", "package"],
    ["cancelled", "void"],
    ["hoover", "vacuum"],
    ["two", "2"],
    ["2", "two"],
    ["退钱", "退款"],
    ["登陆", "登录"],
    ["邮费", "运费"],
    ["闪退", "崩溃"],
    ["连不上", "检查网络"],
    ["两", "2"],
  ])("hears %s in a text with %s", (asked, written) => {
    const heard = new Set(heardIn(asked).flatMap((term) => [...synonymsOf(term)]));
    expect(heardIn(written).some((term) => heard.has(term))).toBe(true);
  });

  it.each([
    ["the battery died", "death of an account holder, bereavement"],
    ["my phone is dead", "death of an account holder, bereavement"],
    ["优惠券没了", "持有人死亡、身故、逝世"],
    ["手机死了", "持有人死亡、身故、逝世"],
    ["食物中毒", "电脑病毒，杀毒软件"],
    ["包被抢了", "限时秒杀，抢购"],
  ])("does not hear %s in a text of %s", (asked, written) => {
    const heard = new Set(heardIn(asked).flatMap((term) => [...synonymsOf(term)]));
    expect(heardIn(written).filter((term) => heard.has(term))).toEqual([]);
  });

  it("takes a word of questions for that of texts and not the other way round", () => {
    expect(synonymsOf(synonymTerm("kaput"))).toContain(synonymTerm("broken"));
    expect(synonymsOf(synonymTerm("broken"))).not.toContain(synonymTerm("kaput"));
    expect(synonymsOf("喵")).toContain("猫");
    expect(synonymsOf("猫")).not.toContain("喵");
  });

  it("does not conclude from two groups that share a word", () => {
    expect(synonymsOf("bill")).toContain("debit");
    expect(synonymsOf("bill")).toContain("invoic");
    expect(synonymsOf("debit")).not.toContain("invoic");
  });

  it("says of every pair what the list says, in whatever order terms are looked up", () => {
    const said = new Set(entries.flatMap(pairsOf));
    const terms = new Set(entries.flatMap((entry) => wordsOf(entry).map(synonymTerm)));
    const heard = new Set(
      [...terms].reverse().flatMap((term) => [...synonymsOf(term)].map((other) => `${term}>${other}`)),
    );
    expect([...said].filter((pair) => !heard.has(pair))).toEqual([]);
    expect([...heard].filter((pair) => !said.has(pair))).toEqual([]);
  });

  it("gives the same set for the same term, made once", () => {
    expect(synonymsOf("coupon")).toBe(synonymsOf("coupon"));
    expect(synonymsOf("unheard")).toBe(synonymsOf("unheard of"));
  });
});

describe("the list", () => {
  const wrong = (isWrong: (entry: SynonymEntry) => boolean) => entries.filter(isWrong).map(({ line }) => line);

  it("has two to fourteen words a line, parted by single spaces and at most one sign of direction", () => {
    expect(wrong(({ line }) => !/^[^\s>]+(?: [^\s>]+)*(?: >(?: [^\s>]+)+)?$/.test(line))).toEqual([]);
    expect(wrong((entry) => wordsOf(entry).length < 2 || wordsOf(entry).length > 14)).toEqual([]);
  });

  it("has words that tokenise gives as terms of a subject, none of them grammar", () => {
    expect(wrong((entry) => wordsOf(entry).some((word) => !heardIn(word).includes(synonymTerm(word))))).toEqual([]);
  });

  it("finds Chinese words of two and more characters wherever they stand", () => {
    // Whether a single character is a word depends on what stands beside it.
    const missing = (word: string) =>
      isChinese(word) && word.length > 1 && !heardIn(`客户说${word}的事`).includes(word);
    expect(wrong((entry) => wordsOf(entry).some(missing))).toEqual([]);
  });

  it("has no word twice in a line, nor two of one stem", () => {
    expect(wrong((entry) => new Set(wordsOf(entry).map(synonymTerm)).size !== wordsOf(entry).length)).toEqual([]);
  });

  it("keeps languages apart", () => {
    const mixed = (words: readonly string[]) => words.some(isChinese) && words.some((word) => /[a-z]/.test(word));
    expect(wrong((entry) => mixed(wordsOf(entry)))).toEqual([]);
  });

  it("begins each English word as its stem begins, by which it is found", () => {
    expect(wrong(({ asked }) => asked.some((word) => synonymTerm(word).slice(0, 2) !== word.slice(0, 2)))).toEqual([]);
  });

  it("has no line of which others say everything", () => {
    const times = new Map<string, number>();
    for (const pair of entries.flatMap(pairsOf)) times.set(pair, (times.get(pair) ?? 0) + 1);
    expect(wrong((entry) => pairsOf(entry).every((pair) => (times.get(pair) ?? 0) > 1))).toEqual([]);
  });
});
