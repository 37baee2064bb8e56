export { MongoDatabase } from './mongodb-database.js';
