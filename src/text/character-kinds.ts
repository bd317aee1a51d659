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
    if (isSurrogate(unit)) return kindOf(String.fromCodePoint(text.codePointAt(at) ?? unit));
    const known = kinds[unit] ?? 0;
    if (known > 0) return known;
    const kind = kindOf(String.fromCharCode(unit));
    kinds[unit] = kind;
    return kind;
  };
}

/** What is added to the kind of a character that takes two UTF-16 units. */
export const WIDE = 0x100;

/** The same for UTF-16 units as numbers, and with `WIDE` added where the character takes two of the `length` units. */
export function createUnitKindAt(
  kindOf: (character: string) => number,
): (units: Uint16Array, at: number, length: number) => number {
  /** 0: nobody has asked yet, or nothing is known by one unit. */
  const kinds = new Uint8Array(BASIC_PLANE);
  return (units, at, length) => {
    const unit = units[at] as number;
    const known = kinds[unit] as number;
    if (known > 0) return known;
    if (!isSurrogate(unit)) {
      const kind = kindOf(String.fromCharCode(unit));
      kinds[unit] = kind;
      return kind;
    }
    const next = at + 1 < length ? (units[at + 1] as number) : 0;
    const isPair = unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff;
    return isPair ? WIDE + kindOf(String.fromCharCode(unit, next)) : kindOf(String.fromCharCode(unit));
  };
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
