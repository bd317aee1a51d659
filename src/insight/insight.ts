import type { NearDocument } from "../conversations/conversations.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Page } from "../fallbacks/core/page.ts";
import type { Source } from "../retrieval/knowledge.ts";

/** Questions that want to know the same, and that the knowledge base did not answer. */
export interface QuestionGroup {
  /** The wording that was asked most often; of several the newest. */
  readonly question: string;
  /** How often it was asked. */
  readonly count: number;
  /** In how many sessions. */
  readonly sessions: number;
  /** ISO times. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** Different ones, the most frequent first, then the newest; at most 5. */
  readonly wordings: readonly string[];
  /** The most frequent first. */
  readonly languages: readonly ("en" | "zh")[];
  /** Documents that came nearest, with to how many of the questions; at most 3, the most first. */
  readonly nearest: readonly (NearDocument & { readonly count: number })[];
}

/** A page of groups, with what they were made of. */
export interface UnansweredPage extends Page<QuestionGroup> {
  /** Questions that were grouped, on all pages together. */
  readonly questions: number;
  /** ISO time: none that was asked before it is among them. */
  readonly since: string;
  /** Since `since` there were more turns with such a question than the newest 3,000, which alone are grouped. */
  readonly more: boolean;
}

/** A turn whose reply cites a document. */
export interface CitingAnswer {
  readonly sessionId: string;
  readonly turnId: string;
  /** ISO time of the user's message. */
  readonly at: string;
  /** What the user wrote. */
  readonly question: string;
  /** What of the document the reply cites, in the order of the reply. */
  readonly quotes: readonly Pick<Source, "heading" | "quote" | "start" | "end">[];
}

/** What an owner of the knowledge base learns from turns of all users. Mail addresses, ticket and long numbers in their words are hidden. */
export interface Insight {
  /**
   * What was asked since `since` and not answered, grouped by meaning, the largest group first. The next page looks back from and to the same
   * moments as the first, whatever `since` says. Turns of that time that end, or are replayed after an outage, between two pages are grouped
   * on the later one, so that a group may be on both or on neither. `limit` 1 to 100.
   * @throws {Problem} `invalid_request` for an `after` that is none.
   */
  unanswered(
    page: { readonly since?: Date; readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<UnansweredPage>;
  /**
   * Turns whose reply cites this version of a document, which may be deleted by now, newest first; `limit` 1 to 100. A page may have fewer.
   * @throws {Problem} `invalid_request` for an `after` that is none; `document_not_found` for one that neither is nor was cited.
   */
  answers(
    documentId: string,
    page: { readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<Page<CitingAnswer>>;
}
