/** Keeps pairs of marks whole in a text of which parts are left out. */
export interface OpenMarks {
  /** Takes a part that is shown: without the marks whose other half was left out. */
  shown(text: string): string;
  /** Takes a part that is left out, and `instead` that is shown in its place: what is to be shown behind it so that nothing stays open. */
  leftOut(text: string, instead: string): string;
  /** Whether a mark is open on one side only, so that the next part may be shown otherwise than it was written. */
  readonly uneven: boolean;
}

const MARK = /```|\*\*|\[|\]/g;
const kinds = ["```", "**", "["] as const;
type Kind = (typeof kinds)[number];
const closings: Readonly<Record<Kind, string>> = { "```": "\n```", "**": "**", "[": "]" };

export function createOpenMarks(): OpenMarks {
  const written = new Set<Kind>();
  const told = new Set<Kind>();

  function toggle(open: Set<Kind>, mark: string): void {
    if (mark === "[") open.add(mark);
    else if (mark === "]") open.delete("[");
    else if (mark === "```" || mark === "**") {
      if (!open.delete(mark)) open.add(mark);
    }
  }

  const isUneven = () => kinds.some((kind) => written.has(kind) !== told.has(kind));

  return {
    shown(text) {
      return text.replace(MARK, (mark) => {
        const kind = mark === "]" ? "[" : (mark as Kind);
        const even = written.has(kind) === told.has(kind);
        toggle(written, mark);
        if (!even && written.has(kind) === told.has(kind)) return "";
        if (even || mark !== "]") toggle(told, mark);
        return mark;
      });
    },
    leftOut(text, instead) {
      for (const [mark] of instead.matchAll(MARK)) toggle(told, mark);
      for (const [mark] of text.matchAll(MARK)) toggle(written, mark);
      let behind = "";
      for (const kind of kinds) {
        if (!told.has(kind) || written.has(kind)) continue;
        told.delete(kind);
        behind += closings[kind];
      }
      return behind;
    },
    get uneven() {
      return isUneven();
    },
  };
}
