/**
 * The tiers that a caller may use, highest first.
 * @param key tier of the caller's key; null: every one.
 * @param tiers all tiers by rank, highest first.
 */
export function tiersFor(key: string | null, tiers: readonly string[]): readonly string[] {
  if (key === null) return tiers;
  const rank = tiers.indexOf(key);
  return rank < 0 ? [] : tiers.slice(rank);
}

/**
 * The tier in which a request is served: that of the key, or a lower one that the request asks for. A key without a tier may use all.
 * @returns null for the whole list of models.
 * @throws {RangeError} for a tier that there is not, or a higher one than the key's; the message names what is allowed.
 */
export function tierOf(request: {
  /** Tier of the caller's key. */
  readonly key: string | null;
  /** Tier in the request; undefined: none is asked for. */
  readonly asked: string | undefined;
  /** All tiers by rank, highest first. */
  readonly tiers: readonly string[];
}): string | null {
  const { key, asked, tiers } = request;
  if (asked === undefined) return key;
  const allowed = tiersFor(key, tiers);
  if (allowed.includes(asked)) return asked;
  if (tiers.length === 0)
    throw new RangeError(`tier: ${JSON.stringify(asked)}: this server has no tiers; leave it out`);
  if (!tiers.includes(asked)) {
    throw new RangeError(`tier: ${JSON.stringify(asked)} is not one; allowed: ${allowed.join(", ")}`);
  }
  throw new RangeError(
    `tier: the key's tier is ${key}; a request may only lower it, not raise it to ${asked}; allowed: ${allowed.join(", ")}`,
  );
}
