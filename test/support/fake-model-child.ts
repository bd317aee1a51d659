import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";
import { startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";

// A fake model as a process of its own, which can be stopped (SIGSTOP) or killed and started again on the same port:
// fake-model-child.ts [PORT [FAULT]]. Prints its URL when it listens.
const [port = "0", fault] = process.argv.slice(2);
const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));
const server = await startFakeModel({ port: Number(port), answer: createRehearsedAnswer(packs) });
server.fault(fault);
process.stdout.write(`${server.url}\n`);
