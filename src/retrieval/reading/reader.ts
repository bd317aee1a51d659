import type { CallContext } from "../../fallbacks/core/context.ts";
import type { ParsedDocument } from "../parse.ts";

/** A file as it came. */
export interface SourceFile {
  readonly name: string;
  /** A string is text that was decoded already. */
  readonly content: string | Uint8Array;
  /** Of what was fetched, without parameters, such as `text/html`: decides how it is read, before the ending of the name. */
  readonly mediaType?: string;
  /** The charset that came with the media type. */
  readonly charset?: string;
}

/** Reads files, with limits on time, memory and size, so that no file can do harm to anything but itself. */
export interface Reader {
  /**
   * @throws {Problem} `unsupported_media_type`; `document_unreadable` with a reason of its own for each way in which a file
   * cannot be read: empty, too large, encrypted, truncated, a bomb, too slow, too much memory, no text in it.
   * @throws {LayerError} `aborted`.
   */
  read(file: SourceFile, context: CallContext): Promise<ParsedDocument>;
  close(): Promise<void>;
}
