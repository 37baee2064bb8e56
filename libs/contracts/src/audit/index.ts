export {
  AuditEntry,
  AuditEntryPage,
  AuditHealth,
  AuditKey,
  ConsistencyProof,
  ConsistencyQuery,
  EvidenceQuery,
  InclusionProof,
  InclusionQuery,
  ListAuditEntriesQuery,
  SignedCheckpoint,
} from './http.js';
