import type { BaseMessage } from "@langchain/core/messages";
import type { EndpointForm } from "./endpoint.ts";
import type { AnswerForm } from "./messages.ts";

/** What one message of an answer says besides its text, which the vendor's client reads. Counts are those so far. */
export interface Sign {
  /** The model thinks aloud: content, though nobody is shown it. */
  readonly thinking?: boolean;
  /** The reply ends here, for this reason. */
  readonly finish?: Finish;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** In place of a reply: what went wrong, in the endpoint's words. */
  readonly error?: string;
}

/** `cut`: at the limit of tokens. `filtered`: withheld by a policy. */
export type Finish = "complete" | "cut" | "filtered";

/** How one request is made. */
export interface RequestForm {
  /** The reply comes piece by piece. */
  readonly stream: boolean;
  /** The endpoint holds the model to JSON, where it can. */
  readonly json: boolean;
  /** The endpoint is asked to count the tokens of a stream, where it does not do so anyway. */
  readonly usage: boolean;
}

export interface VendorOptions {
  readonly model: string;
  readonly maxOutputTokens: number;
  readonly contextWindow: number | undefined;
  readonly baseUrl: string;
  /** Sends the request: with the credentials, which the vendor's client is not given, and to nobody but the endpoint. */
  readonly fetch: typeof fetch;
  readonly form: RequestForm;
}

/** A vendor's chat model, with what each call of it needs. */
export interface VendorModel {
  readonly model: GeneratingModel;
  readonly options?: object;
}

/** The part of a LangChain chat model that is used. */
export interface GeneratingModel {
  _generate(messages: BaseMessage[], options: object): Promise<{ readonly generations: readonly Generation[] }>;
  _streamResponseChunks(messages: BaseMessage[], options: object): AsyncGenerator<Generation>;
}

/** What the vendor gives for a whole reply and for each part of a streamed one. */
export interface Generation {
  readonly message: { readonly content: unknown };
}

/** How the models of one provider are asked through LangChain. */
export interface Provider {
  /** The package of the vendor, loaded with the first call. */
  readonly packageName: string;
  /** As tested: what an operator without it is told to install. */
  readonly version: string;
  readonly endpoint: EndpointForm;
  /** What the protocol needs besides the usual headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A page below the base URL that costs no tokens: the list of models. */
  readonly list: string;
  /** How a stream comes. */
  readonly streams: Exclude<AnswerForm, "json">;
  /** What the endpoints are known to take, the best first. Default: each takes everything. */
  readonly forms?: {
    readonly json: readonly [RequestForm, ...RequestForm[]];
    readonly text: readonly [RequestForm, ...RequestForm[]];
  };
  /** @throws an error with the code of a module that is not found, where the package is not installed. */
  load(): Promise<(options: VendorOptions) => VendorModel>;
  read(message: unknown): Sign;
}
