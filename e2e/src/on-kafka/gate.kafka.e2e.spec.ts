import type {} from '@countersign/infra';
import { describe } from 'vitest';
import { describeGateOnKafka } from './parts.js';
import { areGiven, ownServers, sharedServers } from '../world/servers.js';

// On servers of its own, so that it can run beside the flow.
if (sharedServers() && !areGiven) describeGateOnKafka(await ownServers());
else describe.skip('The gate on Kafka and MongoDB: where servers are given, it is tried with the flow', () => {});
