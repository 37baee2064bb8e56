export { LegalHold, LegalHoldPage, ListHoldsQuery, PlaceHoldRequest, ReleaseHoldRequest } from './hold.js';
export {
  AuditEntry,
  AuditEntryPage,
  AuditExportFormat,
  AuditHealth,
  AuditKey,
  ConsistencyProof,
  ConsistencyQuery,
  EvidenceQuery,
  ExportAuditEntriesQuery,
  InclusionProof,
  InclusionQuery,
  ListAuditEntriesQuery,
  SignedCheckpoint,
} from './http.js';
export { actorIn, entriesStored, identityOf, type StoredEntry, toolIn, unknownContent } from './stored-entry.js';
