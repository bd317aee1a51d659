import { createMemoryVectors } from "../../../src/fallbacks/vectors/memory.ts";
import { vectorsContract } from "../../contracts/vectors.ts";

vectorsContract("memory vectors", { create: createMemoryVectors });
