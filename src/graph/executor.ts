import type { Clock } from "../fallbacks/core/clock.ts";
import { asLayerError } from "../fallbacks/core/errors.ts";
import type { Port } from "../fallbacks/core/layer.ts";
import type { NodeRun } from "../fallbacks/tracing/port.ts";
import type { Node, NodeContext } from "./node.ts";
import { applyUpdate, type ChatState, type ChatUpdate } from "./state.ts";
import { end, type NodeName, next, start } from "./topology.ts";

export type Nodes = Readonly<Record<NodeName, Node>>;

/** How far a turn has come. It outlives an executor, so that another one goes on from the node that was next. */
export interface Progress {
  readonly state: ChatState;
  readonly next: NodeName | typeof end;
  /** Nodes that have ended so far. */
  readonly steps: number;
}

/** Runs one node and keeps its outcome; the only way in which executors run nodes. */
export interface Turn {
  readonly progress: Progress;
  /** The nodes that have run, for traces. */
  readonly runs: readonly NodeRun[];
  /** @throws {NodeFailure} when the node fails, or when the turn has taken `maxSteps` steps. */
  step(name: NodeName, context: NodeContext): Promise<ChatUpdate>;
}

/** Carries a turn from the node that is next to the end. One port of the graph layer. */
export interface Executor extends Port {
  run(turn: Turn, context: NodeContext): Promise<void>;
}

/** A node failed. It is not the engine's fault, so another engine must not run the turn again. */
export class NodeFailure extends Error {
  override readonly name = "NodeFailure";
}

/** No way through the topology is longer than four nodes; more is a loop. */
const MAX_STEPS = 12;

export function createTurn(nodes: Nodes, initial: ChatState, clock: Clock, maxSteps: number = MAX_STEPS): Turn {
  let progress: Progress = { state: initial, next: start, steps: 0 };
  const runs: NodeRun[] = [];
  let begun = 0;
  /** The run of a node whose text is on show. */
  let onShow: { readonly name: NodeName; readonly run: number } | undefined;

  /** A node that a second engine runs again starts over; the run that was given up is not heard any more. */
  function emitOf(name: NodeName, run: number, emit: NodeContext["emit"]): NodeContext["emit"] {
    return (event) => {
      if (run !== begun) return;
      if (event.type === "token") {
        if (onShow && onShow.run !== run && onShow.name === name) emit({ type: "restart", by: event.by });
        onShow = { name, run };
      }
      emit(event);
    };
  }

  return {
    get progress() {
      return progress;
    },
    runs,
    async step(name, context) {
      if (progress.steps >= maxSteps) throw new NodeFailure(`the turn has taken ${maxSteps} steps and has not ended`);
      // An engine that was given up must not go on beside the one that took over.
      context.signal.throwIfAborted();
      const { state } = progress;
      const startedAt = clock.wall();
      let failure: string | null = null;
      begun += 1;
      const emit = emitOf(name, begun, context.emit);
      context.idle.stop();
      try {
        const update = await nodes[name](state, { ...context, step: name, emit });
        context.signal.throwIfAborted();
        const updated = applyUpdate(state, update);
        progress = { state: updated, next: next(name, updated), steps: progress.steps + 1 };
        return update;
      } catch (error) {
        failure = asLayerError(error).errorClass;
        throw new NodeFailure(`${name} failed`, { cause: error });
      } finally {
        runs.push({ name, startedAt, endedAt: clock.wall(), error: failure });
        context.idle.restart();
      }
    },
  };
}
