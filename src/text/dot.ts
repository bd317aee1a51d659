/** Of unit vectors of one length: their cosine. Of a text without a word there is none, which is near to nothing: 0. */
export function dot(one: Float32Array | undefined, other: Float32Array | undefined): number {
  if (!one || !other) return 0;
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] as number) * (other[at] as number);
  return sum;
}
