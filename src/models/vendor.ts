import type * as Transformers from "@xenova/transformers";

/** The library that runs models, which only the worker loads. */
export type Vendor = typeof Transformers;
export type Tokenizer = Awaited<ReturnType<Vendor["AutoTokenizer"]["from_pretrained"]>>;
export type Model = Awaited<ReturnType<Vendor["AutoModel"]["from_pretrained"]>>;

export const vendorPackage = "@xenova/transformers";
/** The project has moved; its package keeps the name that it is known by here. */
export const installVendor = `npm install ${vendorPackage}@npm:@huggingface/transformers@4.3.1`;

export const importVendor = (): Promise<Vendor> => import("@xenova/transformers");
