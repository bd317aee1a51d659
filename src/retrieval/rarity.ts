/** How much a term says that `holding` of `documents` texts hold; above 0, highest for one that no text holds. */
export function rarityOf(holding: number, documents: number): number {
  return Math.log(1 + (documents - holding + 0.5) / (holding + 0.5));
}
