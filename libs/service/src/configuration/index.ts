export { Configuration, type Follower } from './configuration.js';
export {
  type StoredConfigVersion,
  configVersionCollection,
  configVersionId,
  configVersionsIn,
} from './config-versions.js';
