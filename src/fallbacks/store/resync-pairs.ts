import type { CallContext } from "../core/context.ts";
import { copyOf, expectOf, isSame, lookAll, NOTHING, nameOf } from "./operations.ts";
import type { Place, Seen, Store, Write } from "./port.ts";

/** What two stores have at one place. */
export interface Pair {
  readonly place: Place;
  readonly here: Seen;
  readonly there: Seen;
}

/** Asks the remote store first: what is written here in between is then newer here, and not older there. */
export async function compare(
  { local, port }: { readonly local: Store; readonly port: Store },
  places: readonly Place[],
  context: CallContext,
): Promise<readonly Pair[]> {
  const there = await lookAll(port, places, context);
  const here = await lookAll(local, places, context);
  return places.map((place) => {
    const name = nameOf(place);
    return { place, here: here.get(name) ?? NOTHING, there: there.get(name) ?? NOTHING };
  });
}

/** Copies what is newer here, graves too. `false`: somebody wrote at the same time, so it must be looked at again. */
export async function copyNewer(
  port: Store,
  pairs: readonly Pair[],
  id: string,
  context: CallContext,
): Promise<boolean> {
  const writes = pairs.flatMap(({ place, here, there }): readonly Write[] =>
    here.version > there.version ? [{ ...copyOf(place, here), expect: expectOf(there) }] : [],
  );
  if (writes.length === 0) return true;
  return (await port.commit({ id, writes }, context)).status === "applied";
}

/** The remote record is as new as the local one, or newer, and another one. */
export function isOvertaken({ here, there }: Pair): boolean {
  return there.version >= here.version && !isSame(here, there);
}
