import { signal } from '@preact/signals';

/** What a key asked for, until the form that does it is there. */
export const intent = signal<'approve' | 'reject' | 'edit' | null>(null);
