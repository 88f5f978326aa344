/** Another process that holds the write lock of a SQLite file, until its standard input ends. */
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(Deno.args[0]);
database.exec("PRAGMA busy_timeout = 10000");
database.exec("BEGIN EXCLUSIVE");
console.log("locked");
for await (const _ of Deno.stdin.readable);
database.exec("COMMIT");
database.close();
