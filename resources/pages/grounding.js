import { element } from "./dom.js";
import { keepText, say } from "./language.js";

/** What was left out of an answer, or is not as the sources say it: a quiet line for each; none for an answer that is all borne out. */
export function groundingNotes(grounding) {
  if (!grounding) return [];
  const kinds = ["dropped", "doubted"].filter((kind) => grounding[kind] > 0);
  return kinds.map((kind) =>
    keepText(element("p", { class: "grounding" }), () => say(`grounding.${kind}`, { n: grounding[kind] })),
  );
}
