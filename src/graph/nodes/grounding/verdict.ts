/**
 * What a sentence of a reply is:
 * - `talk`: states nothing of the matter
 * - `borne_out`: what came back says it, or it is in another language and has no figure of its own
 * - `doubted`: its words are not what came back says, or a figure of it may be one of something else
 * - `unfounded`: it has a figure that nothing that came back has, or that is one of something else; or it claims what only the user said
 */
export type Verdict = "talk" | "borne_out" | "doubted" | "unfounded";
