declare module 'vitest' {
  interface ProvidedContext {
    /** Comma-separated addresses of a Kafka for the tests, or undefined when there is none. */
    kafkaBrokers: string | undefined;
  }
}
export {};
