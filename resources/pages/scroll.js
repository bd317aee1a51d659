// Closer to the end than this, in pixels, counts as reading along.
const NEAR = 80;

/** Keeps the newest text in view while the user reads along, and leaves them alone once they scroll up. */
export function createFollower(scroller) {
  let following = true;
  scroller.addEventListener("scroll", () => {
    following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;
  });
  const toEnd = () => scroller.scrollTo({ top: scroller.scrollHeight });
  return {
    follow() {
      if (following) toEnd();
    },
    jump() {
      following = true;
      toEnd();
    },
  };
}
