/**
 * A module of the compiled server, as `npm run bench` has just built it. The TypeScript runner names every function anew each
 * time that it is made, which would be most of what is measured here.
 * @param path below src, without its ending
 */
export async function built(path: string): Promise<unknown> {
  return import(new URL(`../dist/${path}.js`, import.meta.url).href);
}
