/** Where another statement begins: punctuation, and words that join or set conditions. */
const CLAUSE_END =
  /[，,;；。!！?？—](?!\d)|[:：](?=\s|\p{Script=Han})|\.(?=\s)|\b(?:and|but|so|because|if|unless|when|while|even|though|although|provided|as long as)\b|但是?|而且|只要|如果|因为|所以/giu;

/** The parts of a sentence that each state something, in order; none is empty. */
export function statementsOf(sentence: string): readonly string[] {
  return sentence
    .split(CLAUSE_END)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
