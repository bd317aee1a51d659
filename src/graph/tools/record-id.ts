import { z } from "zod";

/** A number of a record as people write it: letters, digits and hyphens, 1 to 40, read in upper case. */
export const recordId = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9-]{1,40}$/, "1 to 40 letters, digits or hyphens")
  .toUpperCase();
