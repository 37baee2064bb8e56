/** Instants of records and of the wire are epoch seconds; those of clocks and leases are epoch milliseconds. */
export const secondsOf = (millis: number): number => Math.floor(millis / 1000);
