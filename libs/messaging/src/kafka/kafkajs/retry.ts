/** How often kafkajs itself tries again, some three seconds in all. Then whoever called it begins afresh. */
export const clientRetry = { initialRetryTime: 100, maxRetryTime: 2_000, retries: 4 };
