export { type AuthType, type Provenance, provenanceIn, provenanceNames } from './provenance.js';
