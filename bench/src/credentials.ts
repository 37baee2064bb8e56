const adminKey = 'the-key-of-a-measurement-and-nothing-else';

/** The header with which requests of a measurement are known. */
export const authorization = `Bearer ${adminKey}`;

/** What measured processes let requests in with. */
export const access = { ADMIN_KEY: adminKey };
