export { useProxiesOf } from './proxies.js';
