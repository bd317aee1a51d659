type Numbers =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** The array itself when it has room for `size` numbers, else a copy with half as much room again, zeros behind what was there. */
export function grown<T extends Numbers>(array: T, size: number): T {
  if (array.length >= size) return array;
  const room = Math.max(size, Math.ceil(array.length * 1.5), 16);
  const larger = new (array.constructor as new (length: number) => T)(room);
  larger.set(array);
  return larger;
}
