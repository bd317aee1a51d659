import { randomBytes } from "node:crypto";
import { createAccounts, WITHOUT_KEY } from "./accounts/accounts.ts";
import type { Config } from "./config/config.ts";
import { silenceVendors } from "./config/env.ts";
import type { Secrets } from "./config/secrets.ts";
import { createConversations } from "./conversations/create-conversations.ts";
import { createKnowledgeUses } from "./conversations/knowledge-uses.ts";
import { type Clock, type Random, systemClock } from "./fallbacks/core/clock.ts";
import { createContext } from "./fallbacks/core/context.ts";
import type { LayerEvent } from "./fallbacks/core/events.ts";
import { createFaults, type Faults } from "./fallbacks/core/faults.ts";
import { seededRandom } from "./fallbacks/core/random.ts";
import { type LayerStatus, layerNames } from "./fallbacks/core/status.ts";
import type { StoreAccess } from "./fallbacks/store/access.ts";
import { createStoreAccess } from "./fallbacks/store/create-access.ts";
import type { Chat } from "./graph/chat-types.ts";
import { createLangGraphExecutor, type LangGraphOptions } from "./graph/langgraph.ts";
import { createInsight } from "./insight/create-insight.ts";
import { createLog, type Log } from "./log.ts";
import { createEventLog } from "./log-events.ts";
import { createMetrics } from "./metrics/create-metrics.ts";
import type { Knowledge } from "./retrieval/knowledge.ts";
import { createHttpServer } from "./server/create-server.ts";
import { createMeteredChat } from "./server/metered-chat.ts";
import { announceTurns, createSessionEvents } from "./server/session-stream-events.ts";
import { createTokenBudget } from "./server/token-budget.ts";
import { createHandoffs } from "./support/handoffs.ts";
import { createTickets } from "./support/tickets.ts";
import { createAgents } from "./wiring/agents.ts";
import { createBackground } from "./wiring/background.ts";
import { faultPlanOf, keysOf } from "./wiring/checked-settings.ts";
import { closeInOrder } from "./wiring/closing.ts";
import { createFirstPorts } from "./wiring/first-ports.ts";
import { createKnowledgeBase } from "./wiring/knowledge-base.ts";
import { createLayers, type FirstPorts, type LayerSet } from "./wiring/layers.ts";
import { createLiveSettings, createReload } from "./wiring/live-settings.ts";
import { openLocalStore } from "./wiring/local-store.ts";
import { createModelLayer } from "./wiring/model-layer.ts";
import { createModelMemory } from "./wiring/model-memory.ts";
import { createOperators } from "./wiring/operators.ts";
import { createReadiness } from "./wiring/readiness.ts";
import { addSampleOnce } from "./wiring/sample-knowledge.ts";
import { serverSettings } from "./wiring/server-settings.ts";
import { createShared } from "./wiring/shared.ts";
import { createUnite } from "./wiring/unite.ts";

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
/** So long may the shared store take to hear what waits for it before this server serves by its own copy. */
const SETTLE_MS = 2_000;
/** So long may jobs take to come to a point from which another process can go on. */
const JOBS_GRACE_MS = 2_000;
const DEAD_LETTER =
  "something that was acknowledged here cannot be copied to the shared store; it is kept for a person to look at";

/** config -> layers -> nodes -> server. @throws {ConfigError} when a value cannot be used. */
export async function createApp(config: Config, secrets: Secrets, overrides: Overrides = {}): Promise<App> {
  silenceVendors();
  const clock = overrides.clock ?? systemClock;
  const random = overrides.random ?? Math.random;
  const newId = overrides.newId ?? (() => randomBytes(16).toString("hex"));
  const log = overrides.log ?? createLog(config.logLevel);
  const report = (error: unknown, fields: object) => log.error({ err: error, ...fields }, "failed in the background");
  const keys = keysOf(config, secrets);
  const accounts = createAccounts({ mode: config.authMode, keys });
  const faults = createFaults({ clock, random: seededRandom(config.faults.seed) });
  faults.set(faultPlanOf(config));

  // Not of `newId`, which in a test may give the same to every process.
  const instance = randomBytes(16).toString("hex");
  const localStore = await openLocalStore(config.store, instance);
  const langgraph = createLangGraphExecutor(overrides.langgraph);
  const { firsts, modelsOf, identityOf } = createFirstPorts({
    config,
    secrets,
    clock,
    faults,
    local: localStore.local,
    overrides: overrides.firsts,
    alarm: (fields, message) => log.error(fields, message),
  });
  const live = createLiveSettings({ llm: config.llm, ports: firsts.llm, keys });
  const memory = createModelMemory({
    clock,
    random,
    rest: { cooldownMs: config.llm.cooldownMs },
    identityOf: (port) => identityOf(port) ?? port.name,
  });
  const metrics = createMetrics({
    clock,
    layers: () => operators.statuses(),
    priceOf: (name) => live.llm.models.find((model) => model.name === name)?.price ?? null,
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
    identityOf,
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
  const tickets = createTickets(store, { clock, random });
  const background = createBackground({
    store,
    shared: firsts.store !== undefined,
    stores: [...(firsts.store ?? []), local],
    cluster,
    conversationsOf,
    conversations,
    retentionDays: config.retentionDays,
    keyIds: () => [WITHOUT_KEY, ...live.keys.map(({ keyId }) => keyId)],
    clock,
    random,
    newId,
    log,
    report,
  });
  const { knowledge, precedence, vectors, openIngestion, fetcher } = createKnowledgeBase({
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
    models: () => live.llm.models,
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
  const uses = createKnowledgeUses(store, { newId });
  const insight = createInsight({ uses, knowledge, local: layers.local.embeddings, clock });

  let listening = false;
  const stopping = new AbortController();
  const readiness = createReadiness({
    engine: config.graph.engine,
    langgraph,
    store,
    clock,
    signal: startUp.signal,
    report,
  });
  const operators = createOperators({
    layers,
    store,
    vectors,
    knowledge,
    tracing: firsts.tracing?.[0],
    faults,
    faultsAllowed: config.faults.allowed,
  });
  const server = createHttpServer({
    chat: metered,
    conversations,
    cluster,
    sessionEvents,
    ...background,
    knowledge,
    ingestion,
    insight,
    precedence,
    layers: () => operators.statuses(),
    ready: () => readiness.ready(),
    accounts,
    operate: operators.operate,
    metrics,
    stopping: stopping.signal,
    tiers: () => live.llm.tiers.map(({ name }) => name),
    settings: serverSettings(config),
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
    statuses: () => operators.statuses(),
    async listen() {
      const { url } = await server.listen(config.port);
      listening = true;
      localStore.lock?.update(url);
      // Nobody waits for these either: an outage at the start is known before the first question.
      for (const name of layerNames) void layers[name].check();
      readiness.warm();
      return url;
    },
    reload: createReload({
      live,
      accounts,
      llm: layers.llm,
      memory,
      modelsOf,
      layerOf: (next, ports) =>
        createModelLayer(next, ports, { clock, random, faults, onEvent, memoryOf: memory.memoryOf, shareOf }),
    }),
    async close(graceMs = 0) {
      readiness.stop();
      const drained = listening ? await server.close(graceMs) : true;
      stopping.abort();
      metrics.close();
      const parts = [
        { close: () => background.close(JOBS_GRACE_MS) },
        fetcher,
        knowledge,
        ...[...layerNames].reverse().map((name) => ({ ...layers, store, vectors })[name]),
        shared,
      ];
      // It never fails, so that the lock is always given back.
      await closeInOrder(parts, report);
      eventLog.close();
      localStore.lock?.release();
      return drained;
    },
  };
}
