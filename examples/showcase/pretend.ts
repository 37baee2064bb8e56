/** Stands in for what a tool does, and for what it says that it would do. */
const [what, database] = process.argv.slice(2);
console.log(
  what === 'plan'
    ? `UPDATE 1,204 rows of ${database}.subscriptions (of 88,310)\noldest: 2024-03-02, newest: 2026-08-29`
    : `Pretended, as execution ${what}.`,
);
