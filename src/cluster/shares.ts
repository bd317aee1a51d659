import { createHash } from "node:crypto";
import type { PortListener, PortShare, PortWord, Share } from "../fallbacks/core/share.ts";
import type { LayerName } from "../fallbacks/core/status.ts";
import type { Cluster } from "./cluster.ts";
import { jsonOf } from "./envelope.ts";
import { messageOf, toWire, wordOf } from "./port-words.ts";

/** What the processes of a cluster know of the ports that are the same for all of them. */
export interface Shares {
  /**
   * `identity`: the same text wherever the port is the same thing, with all that makes it another one (an address, a key). Others see
   * only its hash.
   */
  of(layer: LayerName, identity: string): Share;
  /** Words that no process of ours can have said, since the start. */
  readonly ignored: number;
  close(): void;
}

const TOPIC = "port";

/**
 * Words go over one topic, each with the hash of its port. What is still true for a while, an open time or a wait, is kept besides for
 * whoever comes later; it comes with the time that is left of it, so no clock needs to be right. A word that ends such a time and that
 * could not be said is said when the others can be heard again, before what is kept is believed.
 */
export function createShares(cluster: Cluster): Shares {
  const ports = new Map<string, Set<PortListener>>();
  /** Ends that nobody has heard, by port. */
  const unsaid = new Map<string, Set<"well" | "rested">>();
  let ignored = 0;
  let windows = 0;

  const keyOf = (port: string, kind: "open" | "rest") => `port/${port}/${kind}`;

  function deliver(port: string, word: PortWord, except?: PortListener): void {
    for (const listener of Array.from(ports.get(port) ?? [])) {
      if (listener !== except && ports.get(port)?.has(listener)) listener.hear(word);
    }
  }

  function say(port: string, word: PortWord): void {
    const wire = toWire(word);
    cluster.publish(TOPIC, { port, word: wire });
    if (word.kind === "open" || word.kind === "rest") {
      return cluster.keep(keyOf(port, word.kind), JSON.stringify(wire), word.ms);
    }
    if (word.kind !== "rested") cluster.keep(keyOf(port, "open"), null, 0);
    if (word.kind !== "well") cluster.keep(keyOf(port, "rest"), null, 0);
  }

  function remember(port: string, { kind }: PortWord): void {
    const ends = unsaid.get(port) ?? new Set();
    unsaid.set(port, ends);
    if (kind === "well" || kind === "rested") ends.add(kind);
    else if (kind === "open") ends.delete("well");
    else if (kind === "rest") ends.delete("rested");
    if (ends.size === 0) unsaid.delete(port);
  }

  /** What is kept of one port, or of all that anybody has joined. */
  async function recall(port: string | undefined, hear: (port: string, word: PortWord) => void): Promise<void> {
    const kept = await cluster.kept(port === undefined ? "port/" : `port/${port}/`);
    for (const [name, { text, ms }] of kept) {
      const [, of = ""] = name.split("/");
      const word = wordOf(jsonOf(text)?.value);
      if (word?.kind === "open" || word?.kind === "rest") hear(of, { ...word, ms });
      else ignored += 1;
    }
  }

  async function reconnected(): Promise<void> {
    for (const [port, kinds] of unsaid) for (const kind of kinds) say(port, { kind });
    unsaid.clear();
    await recall(undefined, deliver);
    for (const listeners of ports.values()) for (const listener of listeners) listener.connected();
  }

  const stops = [
    cluster.subscribe(TOPIC, (value) => {
      const message = messageOf(value);
      if (message) deliver(message.port, message.word);
      else ignored += 1;
    }),
    cluster.onConnected(() => void reconnected()),
  ];

  function join(port: string, listener: PortListener): PortShare {
    const listeners = ports.get(port) ?? new Set();
    ports.set(port, listeners.add(listener));
    const here = () => listeners.has(listener);
    if (cluster.connected) void recall(port, (_port, word) => here() && listener.hear(word));
    return {
      get connected() {
        return cluster.connected;
      },
      tell(word) {
        if (!here()) return;
        if (cluster.connected) say(port, word);
        else remember(port, word);
        // Two models may be the same to their provider. Not before this call has returned.
        if (listeners.size > 1) queueMicrotask(() => deliver(port, word, listener));
      },
      newWindow() {
        windows += 1;
        return `${cluster.instance}.${windows}`;
      },
      claim: (window, ms) => cluster.claim(`probe/${port}/${window}`, ms),
      leave() {
        listeners.delete(listener);
        if (listeners.size === 0 && ports.get(port) === listeners) ports.delete(port);
      },
    };
  }

  return {
    of(layer, identity) {
      const hash = createHash("sha256").update(JSON.stringify([layer, identity]));
      const port = hash.digest("hex").slice(0, 32);
      return { join: (listener) => join(port, listener) };
    },
    get ignored() {
      return ignored;
    },
    close() {
      for (const stop of stops) stop();
      ports.clear();
    },
  };
}
