// A model server in a process of its own, so that only its client is measured. Prints its URL when it listens.
const { startFakeModel } = await import(new URL("../dist/rehearsal/fake-model.js", import.meta.url).href);
const fake = await startFakeModel({ answer: () => "hello" });
fake.fault(process.argv[2]);
process.stdout.write(`${fake.url}\n`);
process.once("SIGTERM", () => void fake.close());
