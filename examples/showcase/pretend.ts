/** Stands in for what a tool does. */
console.log(`Pretended, as execution ${process.argv[2]}.`);
