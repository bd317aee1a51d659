import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPipe } from "../../src/langchain/pipe.ts";
import { settle } from "../support/manual-clock.ts";

const gone = () => new Error("gone");

describe("pipe", () => {
  it("hands over everything in order, however slow the two are", async () => {
    const step = fc.record({ value: fc.integer(), writerWaits: fc.boolean(), readerWaits: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const pipe = createPipe<number>(gone);
        const writing = (async () => {
          for (const { value, writerWaits } of steps) {
            if (writerWaits) await Promise.resolve();
            await pipe.put(value);
          }
          pipe.end();
        })();
        const read: number[] = [];
        for await (const value of pipe) {
          read.push(value);
          if (steps[read.length - 1]?.readerWaits) await Promise.resolve();
        }
        await writing;
        expect(read).toEqual(steps.map(({ value }) => value));
      }),
    );
  });

  it("lets the writer wait until the reader wants more", async () => {
    const pipe = createPipe<string>(gone);
    const reader = pipe[Symbol.asyncIterator]();
    let taken = false;
    const putting = pipe.put("a").then(() => {
      taken = true;
    });
    expect(await reader.next()).toEqual({ value: "a", done: false });
    await settle();
    expect(taken).toBe(false);
    const next = reader.next();
    await putting;
    pipe.end();
    expect(await next).toEqual({ value: undefined, done: true });
  });

  it("gives what was put before the error, then the error; only the first end counts", async () => {
    const pipe = createPipe<string>(gone);
    const reader = pipe[Symbol.asyncIterator]();
    const putting = pipe.put("a");
    pipe.end(new Error("broken"));
    pipe.end();
    expect(await reader.next()).toEqual({ value: "a", done: false });
    await expect(reader.next()).rejects.toThrow("broken");
    await putting;
  });

  it("tells the writer that the reader has left, now and later", async () => {
    const pipe = createPipe<string>(gone);
    const reader = pipe[Symbol.asyncIterator]();
    const putting = pipe.put("a");
    await reader.next();
    pipe.leave();
    await expect(putting).rejects.toThrow("gone");
    await expect(pipe.put("b")).rejects.toThrow("gone");
  });
});
