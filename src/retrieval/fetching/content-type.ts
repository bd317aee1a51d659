/** What a `Content-Type` header says; undefined when it says nothing that can be understood. */
export interface ContentType {
  /** Lower case, such as `text/html`. */
  readonly mediaType: string;
  /** As it was written, without quotes. */
  readonly charset?: string;
}

export function readContentType(header: string | undefined): ContentType | undefined {
  const [first = "", ...parameters] = (header ?? "").split(";");
  const mediaType = first.trim().toLowerCase();
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(mediaType)) return undefined;
  for (const parameter of parameters) {
    const charset = /^\s*charset\s*=\s*"?([\w.:+-]+)"?\s*$/i.exec(parameter)?.[1];
    if (charset !== undefined) return { mediaType, charset };
  }
  return { mediaType };
}
