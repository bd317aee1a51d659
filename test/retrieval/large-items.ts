/** A page of which "Does the van bring my fridge after dark?" is refused, with its first section named. */
export const largeItems = `# Delivery

## Large items

Fridges and washing machines come by van. Two people carry them to the room that you name.

## Small items

Parcels come by post.

## Old accounts

Old accounts that nobody uses are closed after a year.
`;
