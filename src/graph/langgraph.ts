import { LayerError } from "../fallbacks/core/errors.ts";
import { type Executor, NodeFailure, type Turn } from "./executor.ts";
import type { NodeContext } from "./node.ts";
import { type ChatState, fields, reducers } from "./state.ts";
import { end, next, nodeNames, successors } from "./topology.ts";

type LangGraphModule = typeof import("@langchain/langgraph");

export interface LangGraphOptions {
  /** How the package is loaded; replaced in tests that take it away. */
  readonly load?: () => Promise<LangGraphModule>;
}

/** What a run needs beside the state; travels in LangGraph's configuration, which is per invocation. */
interface Run {
  readonly turn: Turn;
  readonly context: NodeContext;
}

type Compiled = (run: Run) => Promise<void>;

/**
 * The topology as a LangGraph state machine. It loads and compiles at the first use (or `warm`) and tries again at the
 * next one if that failed. Without checkpointer: history is kept by our store, so that both executors share it.
 */
export function createLangGraphExecutor(options: LangGraphOptions = {}): Executor & { warm(): Promise<void> } {
  const load = options.load ?? (() => import("@langchain/langgraph"));
  let compiled: Promise<Compiled> | undefined;

  function ready(): Promise<Compiled> {
    compiled ??= load().then(compile);
    compiled.catch(() => {
      compiled = undefined;
    });
    return compiled;
  }

  return {
    name: "langgraph",
    async warm() {
      await ready();
    },
    async run(turn, context) {
      const invoke = await ready();
      if (turn.progress.next !== end) await invoke({ turn, context });
      if (turn.progress.next !== end) throw new LayerError("server", "LangGraph ended before the turn did");
    },
    async load() {
      await ready();
    },
    async probe() {
      await ready();
    },
  };
}

function compile(langgraph: LangGraphModule): Compiled {
  const { Annotation, END, START, StateGraph } = langgraph;
  const lastValue = <K extends keyof ChatState>() => Annotation<ChatState[K]>();
  const channels = Object.fromEntries(fields.map((field) => [field, lastValue()])) as {
    readonly [K in keyof ChatState]: ReturnType<typeof lastValue<K>>;
  };
  const annotation = Annotation.Root({
    ...channels,
    tokens: Annotation<ChatState["tokens"]>({ reducer: reducers.tokens, default: () => ({ input: 0, output: 0 }) }),
  });
  const builder = new StateGraph(annotation);
  const target = (name: string) => (name === end ? END : name);
  // The builder's type grows with each node; here nodes come from data, so the names are plain strings.
  const graph = builder as unknown as DynamicGraph;
  for (const name of nodeNames) {
    graph.addNode(name, (_state, config) => {
      const { turn, context } = config.configurable.run;
      return turn.step(name, context);
    });
  }
  graph.addConditionalEdges(START, (_state, config) => config.configurable.run.turn.progress.next, [...nodeNames]);
  for (const name of nodeNames) {
    graph.addConditionalEdges(name, (state) => target(next(name, state)), successors[name].map(target));
  }
  const compiled = graph.compile();
  return async (run) => {
    await compiled.invoke(run.turn.progress.state, { configurable: { run }, signal: run.context.signal });
  };
}

interface Configured {
  readonly configurable: { readonly run: Run };
}

interface DynamicGraph {
  addNode(name: string, run: (state: ChatState, config: Configured) => Promise<object>): unknown;
  addConditionalEdges(
    from: string,
    route: (state: ChatState, config: Configured) => string,
    targets: readonly string[],
  ): unknown;
  compile(): {
    invoke(state: ChatState, config: Configured & { readonly signal: AbortSignal }): Promise<unknown>;
  };
}

/** For the graph layer: neither an error of a node nor a client that leaves is a fault of the engine. */
export function isEngineFault(error: LayerError): boolean {
  return error.errorClass !== "aborted" && !(error.cause instanceof NodeFailure);
}
