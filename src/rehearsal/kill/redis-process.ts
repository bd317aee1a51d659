import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { listenOn } from "../listen.ts";
import { type Child, startChild } from "./child.ts";

/** A real Redis on a port of this machine that stays the same, whatever is done to it. */
export interface RedisProcess {
  readonly url: string;
  readonly state: "up" | "frozen" | "down";
  /** SIGSTOP: it accepts connections and says nothing. */
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** Resolves when it answers: with what it had, if it keeps its data, else empty. */
  start(): Promise<void>;
}

export interface RedisProcessOptions {
  readonly directory: string;
  /** Whether it keeps its data over a restart: with an append-only file, every write synced. */
  readonly keeps: boolean;
}

const STARTED_WITHIN_MS = 20_000;

/** @throws {Error} that says so when redis-server is not installed. */
export async function startRedisProcess({ directory, keeps }: RedisProcessOptions): Promise<RedisProcess> {
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const keep = keeps ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", directory, "--save", "", ...keep];
  let child: Child | undefined;
  let frozen = false;

  async function start(): Promise<void> {
    try {
      child = await startChild({ command: "redis-server", args, cwd: directory });
    } catch (cause) {
      throw new Error("redis-server cannot be started: install it, or rehearse with --store embedded", { cause });
    }
    frozen = false;
    const until = performance.now() + STARTED_WITHIN_MS;
    while (!(await answers(port))) {
      if (!child.isGone && performance.now() < until) await delay(5);
      else throw new Error(`redis-server did not start on port ${port}: ${child.said()}`);
    }
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    get state() {
      if (!child || child.isGone) return "down";
      return frozen ? "frozen" : "up";
    },
    freeze() {
      child?.send("SIGSTOP");
      frozen = true;
    },
    thaw() {
      child?.send("SIGCONT");
      frozen = false;
    },
    async kill() {
      await child?.kill();
      frozen = false;
    },
    start,
  };
}

async function freePort(): Promise<number> {
  const { url, close } = await listenOn(createServer(), 0);
  await close();
  return Number(new URL(url).port);
}

/** Whether it takes commands: while it loads its file it answers everything with an error. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(500, () => settle(false));
    socket.once("data", (data) => settle(data.toString("latin1").startsWith("+PONG")));
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
  });
}
