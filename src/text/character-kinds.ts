const BASIC_PLANE = 0x1_0000;

/** How many code units the character takes that begins there: 1 or 2. */
export const widthAt = (text: string, at: number) => ((text.codePointAt(at) ?? 0) >= BASIC_PLANE ? 2 : 1);

/**
 * Tells of what kind the character is that begins at a place in a text, as `kindOf` says of it, which is asked once for each code unit.
 * @param kindOf a number from 1 to 255
 */
export function createKindAt(kindOf: (character: string) => number): (text: string, at: number) => number {
  /** 0: nobody has asked yet. */
  const kinds = new Uint8Array(BASIC_PLANE);
  return (text, at) => {
    const unit = text.charCodeAt(at);
    // Of a pair of surrogates nothing is known by its first half.
    if (unit >= 0xd800 && unit <= 0xdfff) return kindOf(String.fromCodePoint(text.codePointAt(at) ?? unit));
    const known = kinds[unit] ?? 0;
    if (known > 0) return known;
    const kind = kindOf(String.fromCharCode(unit));
    kinds[unit] = kind;
    return kind;
  };
}
