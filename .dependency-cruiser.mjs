/** Who may import whom. Each rule says why; docs/architecture.md has the picture. */
const folders =
  "config|text|models|fallbacks|retrieval|accounts|support|conversations|graph|server|rehearsal|wiring|commands|metrics|langchain|cluster|jobs|privacy|ingestion|evaluation|insight";

export default {
  forbidden: [
    {
      name: "no-circular",
      comment: "Two files that need each other are one subject, or have a third one between them.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "leaves",
      comment: "config and text are used by everybody, so they may depend on nobody.",
      severity: "error",
      from: { path: "^src/(config|text)/" },
      to: { path: "^src/", pathNot: "^src/$1/" },
    },
    {
      name: "core-is-alone",
      comment: "The layer core must be understood, tested and reused without the rest.",
      severity: "error",
      from: { path: "^src/fallbacks/core/" },
      to: { path: "^src/", pathNot: "^src/fallbacks/core/" },
    },
    {
      name: "layers-do-not-know-each-other",
      comment:
        "Removing a vendor must be deleting one file, so a layer sees its own folder, the core, text and local models.",
      severity: "error",
      from: { path: "^src/fallbacks/([^/]+)/", pathNot: "^src/fallbacks/core/" },
      to: { path: "^src/", pathNot: "^src/(fallbacks/($1|core)|text|models)/" },
    },
    {
      name: "models-are-a-tool-of-layers",
      comment:
        "The worker that runs local models serves two layers, so it knows neither, only how errors are classified.",
      severity: "error",
      from: { path: "^src/models/" },
      to: { path: "^src/", pathNot: "^src/(models|fallbacks/core)/" },
    },
    {
      name: "domains-see-layers-only",
      comment:
        "Retrieval, accounts, support and conversations are used by the graph, not the other way round, and not by each other.",
      severity: "error",
      from: { path: "^src/(retrieval|accounts|support|conversations)/" },
      to: { path: "^src/", pathNot: "^src/($1/|fallbacks/|text/|cluster/cluster\\.ts|problems\\.ts)" },
    },
    {
      name: "ingestion-brings-documents",
      comment: "It takes what owners bring, and hands it to the knowledge base as jobs; nobody there knows of it.",
      severity: "error",
      from: { path: "^src/ingestion/" },
      to: {
        path: "^src/",
        pathNot: "^src/(ingestion/|retrieval/|jobs/|fallbacks/|text/|cluster/cluster\\.ts|problems\\.ts)",
      },
    },
    {
      name: "evaluation-asks-as-everybody",
      comment: "What is measured is what is served: it sees the knowledge base from outside.",
      severity: "error",
      from: { path: "^src/evaluation/" },
      to: { path: "^src/", pathNot: "^src/(evaluation/|retrieval/(knowledge|support)\\.ts|fallbacks/core/)" },
    },
    {
      name: "cluster-is-beside-the-layers",
      comment:
        "How processes speak with each other over Redis: it knows how to reach one, and nothing that they speak about but ports.",
      severity: "error",
      from: { path: "^src/cluster/" },
      to: { path: "^src/", pathNot: "^src/(cluster/|fallbacks/core/|fallbacks/store/(port|redis-[a-z]+)\\.ts)" },
    },
    {
      name: "jobs-know-no-work",
      comment: "Whoever has work to do brings the handler.",
      severity: "error",
      from: { path: "^src/jobs/" },
      to: { path: "^src/", pathNot: "^src/(jobs/|fallbacks/|cluster/cluster\\.ts|problems\\.ts)" },
    },
    {
      name: "privacy-sees-domains",
      comment: "It is asked by the server and at the start, and asks every domain that keeps something of a user.",
      severity: "error",
      from: { path: "^src/privacy/" },
      to: { path: "^src/", pathNot: "^src/(privacy/|jobs/|conversations/|support/|fallbacks/|problems\\.ts)" },
    },
    {
      name: "insight-reads-what-was-kept",
      comment: "It tells owners what turns say of the knowledge base, so it sees both, and neither knows of it.",
      severity: "error",
      from: { path: "^src/insight/" },
      to: {
        path: "^src/",
        pathNot: "^src/(insight/|conversations/|retrieval/|jobs/|fallbacks/|text/|problems\\.ts)",
      },
    },
    {
      name: "graph-sees-domains",
      comment: "The conversation must run without a server.",
      severity: "error",
      from: { path: "^src/graph/" },
      to: { path: "^src/(config|accounts|server|rehearsal|wiring|commands)/|^src/(app|main|cli|log)\\.ts" },
    },
    {
      name: "server-is-an-edge",
      comment: "HTTP is one way in; it gets what it serves handed in by the composition root.",
      severity: "error",
      from: { path: "^src/server/" },
      to: { path: "^src/(config|rehearsal|wiring|commands)/|^src/(app|main|cli)\\.ts" },
    },
    {
      name: "only-wiring-names-vendors",
      comment:
        "Which port stands where is decided in one place; everybody else sees a layer and its port's interface. A thread gets no port handed in.",
      severity: "error",
      from: {
        path: "^src/",
        pathNot:
          "^src/(wiring|rehearsal|fallbacks|langchain|cluster)/|^src/app\\.ts|^src/retrieval/prepare-worker\\.ts",
      },
      to: {
        path: "^src/fallbacks/(?!core/)[^/]+/(?!port\\.ts|access\\.ts|lock\\.ts|leases\\.ts|tokens\\.ts|backup\\.ts|dead-letters\\.ts|operations\\.ts)",
      },
    },
    {
      name: "library-is-the-layer",
      comment:
        "The library is the layers of models for other people's programs: it must run without a server, a graph or a store.",
      severity: "error",
      from: { path: "^src/langchain/" },
      to: { path: "^src/", pathNot: "^src/(langchain|models|fallbacks/core|fallbacks/llm|fallbacks/embeddings)/" },
    },
    {
      name: "library-is-an-edge",
      comment: "The server has a model layer of its own.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(langchain/|index\\.ts)" },
      to: { path: "^src/(langchain/|index\\.ts)" },
    },
    {
      name: "metrics-hear-and-show",
      comment: "Whoever is measured does not know by what.",
      severity: "error",
      from: { path: "^src/metrics/" },
      to: { path: "^src/", pathNot: "^src/(metrics|fallbacks/core)/" },
    },
    {
      name: "app-has-few-users",
      comment: "Only processes are composed: the server, the command line, the drills.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(main|cli)\\.ts|^src/(commands|rehearsal)/" },
      to: { path: "^src/app\\.ts" },
    },
    {
      name: "one-file-per-vendor",
      comment: "A vendor's package is imported by the one file that adapts it, so that replacing it is one file.",
      severity: "error",
      from: {
        path: "^src/",
        pathNot:
          "^src/(graph/langgraph|fallbacks/(store/sqlite(-schema)?|store/redis-(client|connection|open|listener|settings)|llm/(openai|anthropic|google|groq|ollama|connection)|vectors/chroma(-access)?|tracing/langfuse-client)|models/vendor|metrics/meters|log|text/[^/]+|server/[^/]+|retrieval/(diff-lines|fetching/(addresses|html-tags|xml-text)|reading/(markup|csv|zip|docx|pdf)))\\.ts",
      },
      to: {
        path: "node_modules/(@langchain/(langgraph|openai|anthropic|google-genai|groq|ollama)|openai|undici|prom-client|chromadb|@xenova/transformers|ioredis|langfuse|libsql|pino|stemmer|express|helmet|express-rate-limit|multer|htmlparser2|mammoth|pdfjs-dist|csv-parse|yauzl|diff|ipaddr\\.js)/",
      },
    },
    {
      name: "no-unknown-folders",
      comment: "A new top-level folder needs its place in these rules.",
      severity: "error",
      from: {},
      to: { path: "^src/[^/]+/", pathNot: `^src/(${folders})/` },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
