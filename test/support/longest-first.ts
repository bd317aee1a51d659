import { BaseSequencer, type TestSpecification } from "vitest/node";

/** They take a minute and more, and are short to read: by their size, which is all that is known of them in CI, they would come last. */
const longest = [/\/kill\.test\.ts$/, /\/two-instances\.test\.ts$/, /\/matrix\.test\.ts$/, /\/memory\.test\.ts$/];

/** Begins with the files that take longest, so that at the end no processor waits for the other one. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((each) => {
      const own = sorted.filter(({ project }) => project === each);
      return own.sort((a, b) => rankOf(a) - rankOf(b));
    });
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = longest.findIndex((pattern) => pattern.test(moduleId));
  return rank === -1 ? longest.length : rank;
}
