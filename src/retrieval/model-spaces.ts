/** Which passages have their vectors in the space of one model, and which wait for them. */
export interface ModelSpace {
  /** Undefined until the model has served once. */
  readonly name: string | undefined;
  /** Numbers in a vector of it; undefined until the model has made one. */
  dimension: number | undefined;
  /** Passages whose vectors are stored, staged ones that are not live yet included. */
  readonly held: Set<string>;
  /** Live, not held, and not looked for in the remote index yet. */
  readonly unasked: Set<string>;
  /** Those of them that have not been looked for in the cache on this machine either. */
  readonly fresh: Set<string>;
  /** Live, not held, and to be embedded. */
  readonly waiting: Set<string>;
}

/** The spaces of the models that have served. */
export interface ModelSpaces {
  /** That of the model that served last. */
  readonly current: ModelSpace;
  /** Those with a name. */
  readonly names: readonly string[];
  /**
   * Makes a space the current one, and returns the names of those that nobody uses any more. The first dimension that is given for a
   * space is that of the space.
   */
  adopt(name: string, dimension: number | undefined): readonly string[];
  /** From here on live: they wait in each space that does not hold them. */
  release(ids: readonly string[]): void;
  remove(ids: readonly string[]): void;
  /** From here on they are missed in no space. */
  giveUp(id: string): void;
  readonly givenUp: ReadonlySet<string>;
}

/** Another model may stand in for the first one; of the space of a third one nobody will ask again soon. */
const KEPT = 2;

/** `live` are the passages that can be found. */
export function createModelSpaces(live: () => Iterable<string>): ModelSpaces {
  const givenUp = new Set<string>();
  const missing = () => [...live()].filter((id) => !givenUp.has(id));
  /** The current one is the last. */
  let spaces: readonly ModelSpace[] = [spaceOf(undefined, missing())];
  const current = () => spaces.at(-1) as ModelSpace;

  return {
    get current() {
      return current();
    },
    get names() {
      return spaces.flatMap(({ name }) => name ?? []);
    },
    adopt(name, dimension) {
      if (current().name === name) {
        current().dimension ??= dimension;
        return [];
      }
      const nameless = spaces.find((space) => space.name === undefined);
      const found = spaces.find((space) => space.name === name);
      // What waits for a model that nobody knows yet waits for this one.
      const adopted = found ?? (nameless ? { ...nameless, name } : spaceOf(name, missing()));
      const others = spaces.filter((space) => space !== found && space !== nameless);
      const kept = [...others, adopted].slice(-KEPT);
      const dropped = others.filter((space) => !kept.includes(space));
      adopted.dimension ??= dimension;
      spaces = kept;
      return dropped.flatMap((space) => space.name ?? []);
    },
    release(ids) {
      for (const { held, unasked, fresh } of spaces) {
        for (const id of ids) {
          if (held.has(id) || givenUp.has(id)) continue;
          unasked.add(id);
          fresh.add(id);
        }
      }
    },
    remove(ids) {
      for (const id of ids) {
        givenUp.delete(id);
        for (const { held, unasked, fresh, waiting } of spaces) {
          for (const set of [held, unasked, fresh, waiting]) set.delete(id);
        }
      }
    },
    giveUp(id) {
      givenUp.add(id);
      for (const { unasked, fresh, waiting } of spaces) for (const set of [unasked, fresh, waiting]) set.delete(id);
    },
    givenUp,
  };
}

function spaceOf(name: string | undefined, missing: Iterable<string>): ModelSpace {
  const unasked = new Set(missing);
  return { name, dimension: undefined, held: new Set(), unasked, fresh: new Set(unasked), waiting: new Set() };
}

export function countWaiting({ unasked, waiting }: ModelSpace): number {
  return unasked.size + waiting.size;
}

/** Passages that have no vector in this space, in no order. */
export function* missingFrom({ unasked, waiting }: ModelSpace): Generator<string> {
  yield* unasked;
  yield* waiting;
}

/** Their vectors are in this space. */
export function hold(space: ModelSpace, ids: readonly string[]): void {
  for (const id of ids) {
    space.held.add(id);
    space.unasked.delete(id);
    space.fresh.delete(id);
    space.waiting.delete(id);
  }
}

/** The remote index may have got them meanwhile, from another instance. */
export function askAgain({ unasked, waiting }: ModelSpace): void {
  for (const id of waiting) unasked.add(id);
  waiting.clear();
}

/** They are to be embedded. */
export function lose(space: ModelSpace, ids: readonly string[]): void {
  for (const id of ids) {
    space.held.delete(id);
    space.unasked.delete(id);
    space.fresh.delete(id);
    space.waiting.add(id);
  }
}

/** What was held turns out not to be there: what is live of it is looked for again, but not in the cache. */
export function letGo(
  { held, unasked }: ModelSpace,
  ids: readonly string[],
  live: Pick<ReadonlySet<string>, "has">,
): void {
  for (const id of ids) if (held.delete(id) && live.has(id)) unasked.add(id);
}

/** At most so many of a set, in its order. */
export function firstOf(ids: ReadonlySet<string>, most: number): readonly string[] {
  const first: string[] = [];
  for (const id of ids) {
    if (first.length === most) break;
    first.push(id);
  }
  return first;
}
