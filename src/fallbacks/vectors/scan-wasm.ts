import { type Kernel, kernelModule, WASM_PAGE } from "./scan-kernel.ts";

/** Memory that WebAssembly in several threads can work on; it passes through messages without being copied. */
export interface SharedMemory {
  /** Another object after each growth; what was made on an older one stays good. */
  readonly buffer: SharedArrayBuffer;
  /** By so many pages of `WASM_PAGE`, in its place. */
  grow(pages: number): number;
}

/** As much of the interface as is used: the types of Node 20 do not have it. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  readonly Memory: new (options: { initial: number; maximum: number; shared: true }) => SharedMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly host: { readonly memory: SharedMemory } },
  ) => { readonly exports: unknown };
}

const found = (globalThis as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
// An older processor has no SIMD, and `node --jitless` no WebAssembly at all.
const api = found?.validate(kernelModule()) ? found : undefined;

/** Whether this machine can run the kernel. */
export const hasKernel = api !== undefined;

let compiled: object | undefined;

/** @throws where `hasKernel` is false. */
export function kernelOn(memory: SharedMemory): Kernel {
  if (!api) throw new Error("WebAssembly with SIMD is not available");
  compiled ??= new api.Module(kernelModule());
  return new api.Instance(compiled, { host: { memory } }).exports as Kernel;
}

/**
 * Address space for `mostBytes`, of which `bytes` are there; only what is written takes memory.
 * @throws {RangeError} when the machine refuses. Where `hasKernel` is false, an Error.
 */
export function sharedMemory(bytes: number, mostBytes: number): SharedMemory {
  if (!api) throw new Error("WebAssembly with SIMD is not available");
  const pages = (size: number) => Math.ceil(size / WASM_PAGE);
  return new api.Memory({ initial: pages(bytes), maximum: pages(mostBytes), shared: true });
}
