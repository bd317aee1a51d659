import { createNoopTracing } from "../../../src/fallbacks/tracing/noop.ts";
import { tracingContract } from "../../contracts/tracing.ts";

tracingContract({ name: "noop", create: createNoopTracing, remote: false });
