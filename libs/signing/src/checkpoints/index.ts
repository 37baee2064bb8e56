import { keySettings } from '../keys/key-settings.js';

const checkpoints = keySettings({
  signing: 'AUDIT_SIGNING_KEYS',
  verifying: 'AUDIT_VERIFICATION_KEYS',
  says: 'Private keys that checkpoints of the record are signed with, in the form of `DECISION_SIGNING_KEYS`; never the same keys.',
  of: 'checkpoints',
  publisher: 'audit service',
  url: 'https://audit.example.com/audit/key',
  file: 'audit-key.json',
});

/** For the audit service. Whoever checks its checkpoints has its key from elsewhere, so no service verifies them. */
export const auditSigningSettings = checkpoints.signing;

/** As `openKeyRing`, of the audit service. */
export const openAuditKeyRing = checkpoints.openRing;
