import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createAccounts, WITHOUT_KEY } from "./accounts/accounts.ts";
import { readApiKeys } from "./accounts/key-sources.ts";
import type { ApiKey } from "./accounts/keys.ts";
import type { Config } from "./config/config.ts";
import { ConfigError, silenceVendors } from "./config/env.ts";
import type { Secrets } from "./config/secrets.ts";
import { createConversations } from "./conversations/create-conversations.ts";
import { type Clock, type Random, systemClock } from "./fallbacks/core/clock.ts";
import { createContext } from "./fallbacks/core/context.ts";
import { nobodyLeaves, within } from "./fallbacks/core/deadline.ts";
import type { LayerEvent } from "./fallbacks/core/events.ts";
import { createFaults, type Faults, parseFaults } from "./fallbacks/core/faults.ts";
import { seededRandom } from "./fallbacks/core/random.ts";
import { type LayerStatus, layerNames } from "./fallbacks/core/status.ts";
import { withFaults } from "./fallbacks/llm/faulty.ts";
import type { StoreAccess } from "./fallbacks/store/access.ts";
import { createStoreAccess } from "./fallbacks/store/create-access.ts";
import type { Chat } from "./graph/chat-types.ts";
import { createLangGraphExecutor, type LangGraphOptions } from "./graph/langgraph.ts";
import { createLog, type Log } from "./log.ts";
import { createEventLog } from "./log-events.ts";
import { createMetrics } from "./metrics/create-metrics.ts";
import { createStandIns } from "./rehearsal/stand-ins.ts";
import type { Knowledge } from "./retrieval/knowledge.ts";
import { createHttpServer } from "./server/create-server.ts";
import { createMeteredChat } from "./server/metered-chat.ts";
import { announceTurns, createSessionEvents } from "./server/session-stream-events.ts";
import { createTokenBudget } from "./server/token-budget.ts";
import { createHandoffs } from "./support/handoffs.ts";
import { createTickets } from "./support/tickets.ts";
import { createAgents } from "./wiring/agents.ts";
import { createBackground } from "./wiring/background.ts";
import { createKnowledgeBase } from "./wiring/knowledge-base.ts";
import { createLayers, type FirstPorts, type LayerSet } from "./wiring/layers.ts";
import { changesOf } from "./wiring/live-changes.ts";
import { openLocalStore } from "./wiring/local-store.ts";
import { createModelLayer } from "./wiring/model-layer.ts";
import { createModelMemory } from "./wiring/model-memory.ts";
import { createModelPorts } from "./wiring/model-ports.ts";
import { createRemotePorts } from "./wiring/remote-ports.ts";
import { addSampleOnce } from "./wiring/sample-knowledge.ts";
import { createShared } from "./wiring/shared.ts";
import { tracingStatus } from "./wiring/tracing-status.ts";
import { createUnite } from "./wiring/unite.ts";
import { warmWords } from "./wiring/warm-words.ts";

/** What a test, a drill or a command may put in the place of the real thing. */
export interface Overrides {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly newId?: () => string;
  readonly log?: Log;
  readonly firsts?: FirstPorts;
  readonly langgraph?: LangGraphOptions;
}

export interface App {
  readonly chat: Chat;
  readonly knowledge: Knowledge;
  readonly layers: LayerSet;
  readonly faults: Faults;
  /** What /health shows, in the order of the layers. */
  statuses(): readonly LayerStatus[];
  /** Starts to listen and returns the URL. */
  listen(): Promise<string>;
  /**
   * Goes on with other keys and models; turns that run end as they began. Returns names of what changed.
   * @throws {ConfigError} when they cannot be used; then all is as it was.
   */
  reload(config: Config, secrets: Secrets): Promise<readonly string[]>;
  /**
   * Takes no new turns, lets running ones end within `graceMs`, also those without a reader, then closes the layers in reverse order.
   * Returns whether all turns had ended.
   */
  close(graceMs?: number): Promise<boolean>;
}

const resources = new URL("../resources/", import.meta.url);
/** Reading everything that is stored must never be what keeps a data directory from starting. */
const START_UP_MS = 3_600_000;
const WARM_MS = 5_000;
/** So long may the shared store take to hear what waits for it before this server serves by its own copy. */
const SETTLE_MS = 2_000;
/** For each part, when it is closed: a server that is frozen must not hold this one. */
const CLOSE_MS = 5_000;
/** So long may jobs take to come to a point from which another process can go on. */
const JOBS_GRACE_MS = 2_000;
const DEAD_LETTER =
  "something that was acknowledged here cannot be copied to the shared store; it is kept for a person to look at";
const LOADING = "the graph engine is loading";

/** config -> layers -> nodes -> server. @throws {ConfigError} when a value cannot be used. */
export async function createApp(config: Config, secrets: Secrets, overrides: Overrides = {}): Promise<App> {
  silenceVendors();
  const clock = overrides.clock ?? systemClock;
  const random = overrides.random ?? Math.random;
  const newId = overrides.newId ?? (() => randomBytes(16).toString("hex"));
  const log = overrides.log ?? createLog(config.logLevel);
  const report = (error: unknown, fields: object) => log.error({ err: error, ...fields }, "failed in the background");
  let keys = keysOf(config, secrets);
  const accounts = createAccounts({ mode: config.authMode, keys });
  const faults = createFaults({ clock, random: seededRandom(config.faults.seed) });
  faults.set(checked("FAULTS", () => parseFaults(config.faults.plan)));

  let current = config;

  // Not of `newId`, which in a test may give the same to every process.
  const instance = randomBytes(16).toString("hex");
  const localStore = await openLocalStore(config.store, instance);
  const langgraph = createLangGraphExecutor(overrides.langgraph);
  const modelPorts = createModelPorts({ clock, faults });
  const models = modelPorts.make(config, secrets);
  const remotes: FirstPorts = {
    ...createRemotePorts({ config, secrets, clock, alarm: (fields, message) => log.error(fields, message) }),
    ...(models && { llm: models }),
  };
  // A fault needs a port to hit, so layers that have only their local one get a stand-in before it.
  const faulty = faults.plan.map(({ layer }) => layer).filter((name) => !remotes[name]);
  const made = createStandIns(new Set(faulty), clock, localStore.local);
  const standIns = { ...made, ...(made.llm && { llm: made.llm.map((model) => withFaults(model, faults)) }) };
  const firsts = { ...standIns, ...remotes, ...overrides.firsts };
  let modelsNow = firsts.llm;
  const memory = createModelMemory({
    clock,
    random,
    rest: { cooldownMs: config.llm.cooldownMs },
    identityOf: (port) => modelPorts.identityOf(port) ?? port.name,
  });
  const metrics = createMetrics({
    clock,
    layers: () => statuses(),
    priceOf: (name) => current.llm.models.find((model) => model.name === name)?.price ?? null,
    formerSpaces: () => knowledge.formerSpaces,
  });
  const eventLog = createEventLog({ log, clock });
  const onEvent = (event: LayerEvent) => {
    metrics.hear(event);
    eventLog.hear(event);
  };
  const shared = createShared({
    config,
    secrets,
    clock,
    random,
    instance,
    predecessors: localStore.lock?.predecessors ?? [],
    identityOf: (port) => modelPorts.identityOf(port),
    report,
  });
  const { cluster, shareOf } = shared;
  const layers = createLayers({
    config,
    clock,
    random,
    faults,
    firsts,
    stores: localStore.slots,
    langgraph,
    memoryOf: memory.memoryOf,
    shareOf,
    onEvent,
    report,
  });
  const { local } = localStore;
  const [firstStore] = [...(firsts.store ?? []), ...localStore.slots.map(({ port }) => port)];
  const store = createStoreAccess({
    layer: layers.store,
    local,
    ...(firstStore !== undefined && firstStore !== local && { remote: firstStore }),
    clock,
    newId,
    unite: createUnite(),
    onBuried: ({ key, reason }) => log.error({ key, reason, alert: "dead_letter" }, DEAD_LETTER),
  });
  const sessionEvents = createSessionEvents(cluster);
  const conversationsOf = (access: StoreAccess) => createConversations(access, { clock, newId, cluster, random });
  const conversations = announceTurns(conversationsOf(store), sessionEvents);
  const tickets = createTickets(store, { clock });
  const background = createBackground({
    store,
    shared: firsts.store !== undefined,
    stores: [...(firsts.store ?? []), local],
    cluster,
    conversationsOf,
    conversations,
    retentionDays: config.retentionDays,
    keyIds: () => [WITHOUT_KEY, ...keys.map(({ keyId }) => keyId)],
    clock,
    random,
    newId,
    log,
    report,
  });
  const { knowledge, vectors, openIngestion, fetcher } = createKnowledgeBase({
    config,
    layers,
    local: layers.local,
    remoteVectors: firsts.vectors?.[0],
    store,
    shared: firsts.store !== undefined,
    jobs: background.jobs,
    cluster,
    clock,
    newId,
    report,
    info: (fields, message) => log.info(fields, message),
  });
  const chat = createAgents({
    config,
    layers,
    store,
    knowledge,
    conversations,
    tickets,
    handoffs: createHandoffs(store, { clock }),
    models: () => current.llm.models,
    onIntent: metrics.intentCache,
    onGrounding: metrics.grounding,
    languages: new URL("languages/", resources),
    clock,
    newId,
    report,
  });
  const metered = createMeteredChat(chat, {
    clock,
    budget: createTokenBudget({ clock, limit: config.limits.tokensPerDay }),
    onTurn: (turn) => metrics.turn(turn),
  });

  const startUp = createContext({ clock, requestId: "start", deadlineMs: START_UP_MS });
  // What this process had not heard of when it ended must not be answered from here.
  await store.settle(createContext({ clock, requestId: "start", deadlineMs: SETTLE_MS }));
  await knowledge.load(startUp);
  if (config.sampleKnowledge) await addSampleOnce(new URL("knowledge/", resources), knowledge, store, startUp, report);

  const ingestion = openIngestion();

  let listening = false;
  const stopping = new AbortController();
  const notReady = new Set([LOADING]);
  // These know more than their layer: what waits to be copied or filled up.
  const shown = {
    ...layers,
    store,
    vectors,
    embeddings: { status: () => knowledge.embeddingsStatus() },
    tracing: { status: () => tracingStatus(layers.tracing.status(), firsts.tracing?.[0]) },
  };
  const statuses = () => layerNames.map((name) => shown[name].status());
  const server = createHttpServer({
    chat: metered,
    conversations,
    cluster,
    sessionEvents,
    ...background,
    knowledge,
    ingestion,
    layers: statuses,
    ready() {
      const unable = store.status().state === "down" ? ["nothing can be saved"] : [];
      const reasons = [...notReady, ...unable];
      return { ready: reasons.length === 0, reasons };
    },
    accounts,
    operate: {
      control: async (name, order) => {
        await layers[name].control(order);
        return shown[name].status();
      },
      explain: (asked) => layers.llm.explain(asked),
      ...(store.deadLetters && { deadLetters: store.deadLetters }),
      faults: {
        get plan() {
          return faults.plan;
        },
        set: (plan) => faults.set(plan),
        allowed: config.faults.allowed,
      },
    },
    metrics,
    stopping: stopping.signal,
    tiers: () => current.llm.tiers.map(({ name }) => name),
    settings: {
      version: packageVersion(),
      host: config.host,
      production: config.production,
      authMode: config.authMode,
      corsOrigins: config.corsOrigins,
      maxDeadlineMs: config.limits.deadlineMs,
      maxBodyBytes: { chat: 256_000, documents: 42_000_000 },
      requestsPerMinute: config.limits.requestsPerMinute,
      turnsAtOnce: config.limits.turnsAtOnce,
    },
    clock,
    log,
    newId,
    pages: new URL("pages/", resources),
  });

  return {
    chat,
    knowledge,
    layers,
    faults,
    statuses,
    async listen() {
      const { url } = await server.listen(config.port);
      listening = true;
      localStore.lock?.update(url);
      // Nobody waits for these either: an outage at the start is known before the first question.
      for (const name of layerNames) void layers[name].check();
      // Not awaited: a turn that comes before it is loaded waits for it, and if it cannot be loaded falls back.
      (config.graph.engine === "langgraph"
        ? within({ clock, signal: startUp.signal, ms: WARM_MS }, () => langgraph.warm())
        : Promise.resolve()
      )
        .catch((error: unknown) => report(error, { doing: "loading the graph engine" }))
        .finally(() => notReady.delete(LOADING))
        // After it is ready, which it need not wait for: a question that comes before reads at once what is left.
        .then(() => warmWords(stopping.signal))
        .catch(
          (error: unknown) => stopping.signal.aborted || report(error, { doing: "reading what is known of words" }),
        );
      return url;
    },
    async reload(next, nextSecrets) {
      // All that can fail comes first, so that settings are taken whole or not at all.
      const nextKeys = keysOf(next, nextSecrets);
      const ports = overrides.firsts?.llm ?? modelPorts.make(next, nextSecrets) ?? standIns.llm;
      const changed = changesOf({ llm: current.llm, ports: modelsNow, keys }, { llm: next.llm, ports, keys: nextKeys });
      accounts.replace(nextKeys);
      if (changed.some((what) => what !== "keys")) {
        layers.llm.replace(
          createModelLayer(next, ports, { clock, random, faults, onEvent, memoryOf: memory.memoryOf, shareOf }),
        );
        memory.keep(ports ?? []);
        void layers.llm.check();
      }
      current = { ...current, llm: next.llm };
      keys = nextKeys;
      modelsNow = ports;
      return changed;
    },
    async close(graceMs = 0) {
      notReady.add("the server is shutting down");
      const drained = listening ? await server.close(graceMs) : true;
      stopping.abort();
      metrics.close();
      const closing = [
        { close: () => background.close(JOBS_GRACE_MS) },
        fetcher,
        knowledge,
        ...[...layerNames].reverse().map((name) => ({ ...layers, store, vectors })[name]),
        shared,
      ];
      // One that fails to close, or hangs, keeps no other one open, and never the lock.
      for (const part of closing) {
        // How long this process may take is a matter of real time, whatever clock a test moves.
        const limit = { clock: systemClock, signal: nobodyLeaves, ms: CLOSE_MS };
        await within(limit, () => part.close()).catch((error: unknown) => report(error, { doing: "closing" }));
      }
      eventLog.close();
      localStore.lock?.release();
      return drained;
    },
  };
}

/** @throws {ConfigError} that names the variable. */
function keysOf({ llm }: Config, secrets: Secrets): readonly ApiKey[] {
  const tiers = llm.tiers.map(({ name }) => name);
  try {
    return readApiKeys(secrets, tiers);
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError([error.message]);
    throw error;
  }
}

/** Turns a RangeError of a parser into one that names the variable. */
function checked<T>(variable: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError([`${variable}: ${error.message}`]);
    throw error;
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}
