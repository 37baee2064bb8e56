import { signal } from '@preact/signals';

/** The action of a key, until the form that does it is there. */
export const intent = signal<'approve' | 'reject' | 'edit' | null>(null);
