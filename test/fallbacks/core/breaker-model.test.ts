import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Breaker, createBreaker, type Permit } from "../../../src/fallbacks/core/breaker.ts";
import type { Clock } from "../../../src/fallbacks/core/clock.ts";

const THRESHOLD = 3;
const BUCKET_MS = 10_000;
const PROBE_MS = 15_000;
const MAX_OPEN_MS = 40_000;

interface Held {
  readonly at: number;
  readonly era: number;
  ended: boolean;
}

/** The rules word for word: everything that ever happened is kept, and looked through again for each question. */
class Model {
  now = 0;
  era = 0;
  state: "closed" | "open" | "half_open" = "closed";
  failures = 0;
  until = 0;
  trips = 0;
  closedAt = Number.NEGATIVE_INFINITY;
  calls = 0;
  refused = 0;
  held: Held[] = [];
  results: { readonly at: number; readonly era: number; readonly how: "good" | "slow" | "failure" }[] = [];
  readonly #share: () => number;

  constructor(share: () => number) {
    this.#share = share;
  }

  inWindow(how?: "slow" | "failure"): number {
    const bucket = (at: number) => Math.floor(at / BUCKET_MS);
    const recent = this.results.filter(({ at }) => bucket(at) > bucket(this.now) - 6);
    return recent.filter((result) => how === undefined || result.how === how).length;
  }

  width(): number {
    const successes = this.results.filter(({ era }) => era === this.era).length;
    return successes >= 3 ? 4 : successes >= 1 ? 2 : 1;
  }

  serving(): boolean {
    return this.state === "closed" || (this.state === "half_open" && this.width() > 1);
  }

  acquire(): Held | undefined {
    if (this.state === "open" && this.now >= this.until) this.#enter("half_open");
    const out = this.held.filter(({ era, ended }) => era === this.era && !ended);
    const full = this.state === "half_open" && out.length >= this.width();
    // The newest is the last to have been let in.
    if (full && out.every(({ at }) => this.now - at >= PROBE_MS)) this.#open(this.failures + 1);
    if (this.state === "open" || full) {
      this.refused += 1;
      return undefined;
    }
    this.calls += 1;
    const held = { at: this.now, era: this.era, ended: false };
    this.held.push(held);
    return held;
  }

  end(held: Held, how: "good" | "slow" | "probed" | "failure" | "trip" | "release"): void {
    if (held.ended || held.era !== this.era) return;
    held.ended = true;
    if (how === "release") return;
    if (how === "probed") {
      if (this.state === "half_open") {
        this.#close();
        this.failures = THRESHOLD - 1;
      }
      return;
    }
    const failed = how === "failure" || how === "trip";
    if (this.state === "half_open") {
      if (failed) return this.#open(this.failures + 1);
      this.failures = 0;
      this.results.push({ at: this.now, era: this.era, how: "good" });
      if (this.results.filter(({ era }) => era === this.era).length === 7) this.#close();
      return;
    }
    this.failures = failed ? this.failures + 1 : 0;
    this.results.push({ at: this.now, era: this.era, how: failed ? "failure" : how });
    const many = (kind: "slow" | "failure") => this.inWindow() >= 10 && this.inWindow(kind) / this.inWindow() >= 0.5;
    if (failed && (how === "trip" || this.failures >= THRESHOLD || many("failure"))) this.#open(this.failures);
    else if (how === "slow" && many("slow")) this.#open(0);
  }

  tryNow(): void {
    if (this.state === "open") this.until = this.now;
  }

  openFor(ms: number, trip: boolean): void {
    if (trip) {
      if (this.state === "closed" && this.now - this.closedAt >= 60_000) this.trips = 0;
      this.trips += 1;
    }
    const end = this.now + ms;
    if (this.state === "open") {
      this.until = trip ? end : Math.max(this.until, end);
      return;
    }
    this.results = this.state === "half_open" ? this.results.filter(({ era }) => era !== this.era) : this.results;
    this.until = end;
    this.#enter("open");
  }

  #enter(state: Model["state"]): void {
    this.state = state;
    this.era += 1;
  }

  #open(failures: number): void {
    if (this.state === "closed" && this.now - this.closedAt >= 60_000) this.trips = 0;
    // What was let in half open was never in the window.
    this.results = this.state === "half_open" ? this.results.filter(({ era }) => era !== this.era) : this.results;
    this.until = this.now + Math.min(5_000 * 2 ** this.trips, MAX_OPEN_MS) * (0.1 + 0.9 * this.#share());
    this.trips += 1;
    this.failures = failures;
    this.#enter("open");
  }

  #close(): void {
    this.closedAt = this.now;
    this.results = [];
    this.failures = 0;
    this.#enter("closed");
  }
}

interface Real {
  readonly clock: Clock & { time: number };
  readonly breaker: Breaker;
  readonly permits: Permit[];
}

type Command = fc.Command<Model, Real>;

function compare(model: Model, { breaker }: Real): void {
  const ramp = model.state === "half_open" ? model.results.filter(({ era }) => era === model.era).length : 0;
  const calls = model.inWindow() - ramp;
  expect(breaker.status()).toMatchObject({
    state: model.state,
    failures: model.failures,
    calls: model.calls,
    notPermitted: model.refused,
    failureRate: calls < 10 ? null : model.inWindow("failure") / calls,
  });
  expect(breaker.serving).toBe(model.serving());
  expect(breaker.probeInMs()).toBeCloseTo(model.state === "open" ? Math.max(0, model.until - model.now) : 0, 6);
}

function command(name: string, run: (model: Model, real: Real) => void): Command {
  return {
    check: () => true,
    run(model, real) {
      run(model, real);
      compare(model, real);
    },
    toString: () => name,
  };
}

const acquire = () =>
  command("acquire", (model, real) => {
    const held = model.acquire();
    const permit = real.breaker.acquire();
    expect(permit !== undefined).toBe(held !== undefined);
    if (permit) real.permits.push(permit);
  });

const ends = {
  good: (permit: Permit) => permit.succeed(),
  slow: (permit: Permit) => permit.succeed({ slow: true }),
  probed: (permit: Permit) => permit.succeed({ probed: true }),
  failure: (permit: Permit) => permit.fail(),
  trip: (permit: Permit) => permit.fail({ trip: true }),
  release: (permit: Permit) => permit.release(),
};

/** `back`: which permit, counted from the latest; the same one may be ended again. */
const end = ({ how, back }: { how: keyof typeof ends; back: number }) =>
  command(`${how}(${back})`, (model, real) => {
    const held = model.held.at(-1 - (back % Math.max(1, model.held.length)));
    const permit = real.permits.at(-1 - (back % Math.max(1, real.permits.length)));
    if (!held || !permit) return;
    model.end(held, how);
    ends[how](permit);
  });

/** A whole call: without it, too few sequences get as far as the window's ten. */
const call = ({ how, times }: { how: keyof typeof ends; times: number }) =>
  command(`${times} x ${how}`, (model, real) => {
    for (let i = 0; i < times; i += 1) {
      const held = model.acquire();
      const permit = real.breaker.acquire();
      expect(permit !== undefined).toBe(held !== undefined);
      if (!held || !permit) return;
      real.permits.push(permit);
      model.end(held, how);
      ends[how](permit);
    }
  });

const advance = (ms: number) =>
  command(`advance(${ms})`, (model, real) => {
    model.now += ms;
    real.clock.time += ms;
  });

const tryNow = () =>
  command("tryNow", (model, real) => {
    model.tryNow();
    real.breaker.tryNow();
  });

const openFor = ({ ms, trip }: { ms: number; trip: boolean }) =>
  command(`openFor(${ms}, ${trip})`, (model, real) => {
    model.openFor(ms, trip);
    real.breaker.openFor(ms, { trip });
  });

const how = fc.constantFrom("good", "good", "slow", "failure", "failure", "release", "probed", "trip");
const commands = [
  fc.constant(acquire()),
  fc.record({ how, back: fc.nat({ max: 5 }) }).map(end),
  fc.record({ how, times: fc.integer({ min: 1, max: 4 }) }).map(call),
  fc.record({ how: fc.constantFrom("good", "failure", "slow"), times: fc.constant(1) }).map(call),
  fc.oneof(fc.integer({ min: 0, max: 4_000 }), fc.integer({ min: 0, max: 70_000 })).map(advance),
  fc.constant(tryNow()),
  fc.record({ ms: fc.integer({ min: 0, max: 30_000 }), trip: fc.boolean() }).map(openFor),
];

describe("breaker, any sequence of events", () => {
  it("does what a model does that keeps everything and looks it all through each time", () => {
    fc.assert(
      fc.property(
        fc.commands(commands, { maxCommands: 150, size: "max" }),
        fc.constantFrom(0, 0.5, 0.999),
        (events, share) => {
          const clock = { time: 0, now: () => clock.time, wall: () => new Date(0), after: () => () => {} };
          const real: Real = {
            clock,
            breaker: createBreaker({ clock, random: () => share, maxOpenMs: MAX_OPEN_MS }),
            permits: [],
          };
          fc.modelRun(() => ({ model: new Model(() => share), real }), events);
        },
      ),
      { numRuns: 400 },
    );
  });
});
