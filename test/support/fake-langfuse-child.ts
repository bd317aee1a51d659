import { startFakeLangfuse } from "../../src/rehearsal/fake-langfuse.ts";

// The fake Langfuse as a process of its own: fake-langfuse-child.ts [PORT]. Prints its URL when it listens.
const [port = "0"] = process.argv.slice(2);
const { url } = await startFakeLangfuse({ port: Number(port) });
process.stdout.write(`${url}\n`);
