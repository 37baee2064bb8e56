import canonicalize from 'canonicalize';

/** The one way to write this as JSON (RFC 8785). @throws when there is none: for half a character, or infinity. */
export const canonicalJson = (value: unknown): string => canonicalize(value)!;
