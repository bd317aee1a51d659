/** What a key may do. A key has a set of them; none contains another. */
export const roles = ["user", "agent", "admin", "operator"] as const;
export type Role = (typeof roles)[number];

export function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text);
}
