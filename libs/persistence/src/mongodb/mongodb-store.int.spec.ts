import type {} from '@countersign/infra';
import { randomUUID } from 'node:crypto';
import { inject, it } from 'vitest';
import { describeStore } from '../../test/store.contract.js';
import { MongoDatabase } from './mongodb-store.js';

const uri = inject('mongodbUri');
const dbName = `countersign_test_${randomUUID()}`;
if (uri) describeStore('MongoDB', () => new MongoDatabase({ uri, dbName, log: console }));
else it.skip('MongoDB as a record store: NOT TESTED, there is no server; set MONGODB_URI');
