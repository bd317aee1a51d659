import { register } from "node:module";

// Takes packages away from a process, as if they were not installed: HIDE_PACKAGES=a,b node --import this-file ...
const hidden = (process.env["HIDE_PACKAGES"] ?? "").split(",").filter(Boolean);
const hook = `
  const hidden = ${JSON.stringify(hidden)};
  export async function resolve(specifier, context, next) {
    if (hidden.some((name) => specifier === name || specifier.startsWith(name + "/"))) {
      throw Object.assign(new Error("Cannot find package '" + specifier + "'"), { code: "ERR_MODULE_NOT_FOUND" });
    }
    return next(specifier, context);
  }
`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
