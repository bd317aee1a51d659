import { Problem } from "../problems.ts";
import type { DocumentFacts } from "./knowledge.ts";

const MOST_ROLES = 20;
const LONGEST_ROLE = 64;
/** Of the metadata of a document: entries, and characters of a key and of a value. */
export const metadataLimits = { entries: 20, key: 64, value: 500 } as const;

/** What is given of the two. @throws {Problem} `invalid_request` that names the field and what is allowed. */
export function checkFacts({ audience, metadata }: Partial<DocumentFacts>): Partial<DocumentFacts> {
  if (audience !== undefined) checkAudience(audience);
  if (metadata !== undefined) checkMetadata(metadata);
  return {
    ...(audience !== undefined && { audience: [...new Set(audience)].sort() }),
    ...(metadata !== undefined && { metadata: { ...metadata } }),
  };
}

export function sameFacts(one: DocumentFacts, other: DocumentFacts): boolean {
  const text = ({ audience, metadata }: DocumentFacts) =>
    JSON.stringify([[...audience].sort(), Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return text(one) === text(other);
}

function checkAudience(audience: readonly string[]): void {
  const wrong = audience.find((role) => role.length < 1 || role.length > LONGEST_ROLE);
  if (audience.length <= MOST_ROLES && wrong === undefined) return;
  const found = wrong === undefined ? `${audience.length} roles` : `the role ${show(wrong)}`;
  throw new Problem(
    "invalid_request",
    `audience has ${found}; allowed are at most ${MOST_ROLES} roles of 1 to ${LONGEST_ROLE} characters`,
    { field: "audience" },
  );
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  const entries = Object.entries(metadata);
  const wrong = entries.find(
    ([key, value]) => key.length < 1 || key.length > metadataLimits.key || value.length > metadataLimits.value,
  );
  if (entries.length <= metadataLimits.entries && !wrong) return;
  const found = wrong ? `${show(wrong[0])} with a value of ${wrong[1].length} characters` : `${entries.length} entries`;
  throw new Problem(
    "invalid_request",
    `metadata has ${found}; allowed are at most ${metadataLimits.entries} entries, keys of 1 to ${metadataLimits.key} characters, values of at most ${metadataLimits.value}`,
    { field: "metadata" },
  );
}

function show(text: string): string {
  return JSON.stringify(text.length > metadataLimits.key ? `${text.slice(0, metadataLimits.key)}…` : text);
}
