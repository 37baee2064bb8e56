import { isSameSubject } from '@countersign/contracts/auth';

/** Who the key of the setting ADMIN_KEY, the one in `admin.key` and the link that is printed at the start speak for. */
export const administrator = 'admin';

/** Names that only this installation gives. Neither an identity provider nor an API key can have one. */
export const isReserved = (subject: string): boolean => isSameSubject(subject, administrator);
