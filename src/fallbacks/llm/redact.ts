/** Characters of a provider's own words that an error message may hold. */
const LONGEST_QUOTE = 200;

/** Takes secrets out of a text from outside, which becomes one line of at most 200 characters. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets.filter((secret) => secret !== "");
  return (text) => {
    const clean = known
      .reduce((rest, secret) => rest.replaceAll(secret, "[key]"), text)
      .replace(/\b(Bearer|Basic)\s+[^\s"',}]+/gi, "$1 [key]")
      .replace(/\b(sk|gsk)[-_][\w*.-]+/g, "[key]")
      .replace(/\bAIza[\w*-]+/g, "[key]")
      .replace(/([?&]key=)[^\s&"']+/gi, "$1[key]")
      .replace(/\/\/[^\s/@]+@/g, "//[key]@")
      .replace(/<[^>]*>/g, " ")
      .replace(/\p{Surrogate}/gu, "\uFFFD")
      .replace(/[\s\p{Cc}]+/gu, " ")
      .trim();
    const characters = Array.from(clean);
    return characters.length <= LONGEST_QUOTE ? clean : `${characters.slice(0, LONGEST_QUOTE - 1).join("")}…`;
  };
}
