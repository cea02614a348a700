// Package store keeps requests, their tasks, events and sealed parts, the lists and wakes that
// lead to them, and imports, directly in Azure Table, Blob and Queue storage.
//
// # Packages
//
// This package creates, loads, claims and changes requests. It joins the packages below it:
//
//   - layout names the tables and makes the keys of all rows (layout/keys.go shows every key).
//   - row says what a table must do. row.Try makes a write and finds out what became of it.
//   - aztable implements the tables of row on Azure Table storage.
//   - lease lets one worker at a time claim a task or an import.
//   - imports keeps bulk imports, lists finds requests and imports.
//   - seal encrypts the parts of a case that hold personal data.
//   - blob and queue keep blobs and send messages.
//   - failure has the errors that all of them share, account opens the storage account.
//   - storetest opens stores for tests.
//
// # Rows
//
// A request is one partition of table requests: its head, its tasks and its events. One transaction
// changes them together and always replaces the head. Two workers that end the last two tasks can
// therefore not both miss that nothing is left to do. The rows that lead to requests (list rows and
// wakes) lie in the partitions of table lists, the keys that seal the cases in those of table keys.
// A tenant begins with one partition of each, and has up to 64 when it has much to do.
//
// # Reading
//
// The head tells how every task stands: state, outcome, numbers. A decision about a request needs
// nothing else, so Load reads one row by its key. The row of a task holds what only its worker and
// the assembly need: claim, proofs, parts, findings, text. It is read by its key when it is asked
// for (Case.ReadTasks); until then Task.Detail is nil. No step reads a range of table requests:
// the number of rows that it reads does not grow with the history, and a range gets slower with
// everything else that is stored.
//
// A task gets its row with its first claim. The head counts the openings of each task, and a row of
// an earlier opening is void, so that a retry opens any number of tasks by replacing the head.
//
// # Writes
//
// No write is unconditional: rows are inserted if they do not exist, and replaced or deleted if
// they are unchanged. Only list rows, wakes and tenants are upserted: they depend on nothing but
// their key.
//
// The SDK retries by itself, so a refusal may answer a retry of a write that was done. Therefore
// each transaction inserts the row of its event. The key of that row is the number that the writer
// expected, and its content never changes. After a refusal or an unclear answer row.Try reads the
// row: the write has succeeded if its id is there. Rows without events carry the ids of their
// last writes, or the owner of their lease, for the same check: the head of a new request or of a
// change of wakes alone, imports and claims.
//
// List rows and wakes are written before the transaction that needs them. Those that it makes
// superfluous are written again at the same time. With the new ETags they are deleted afterwards,
// unless another writer has needed them again. A crash may leave rows behind that no head names.
// lists.Page leaves them out, and after an hour lists.Page and lists.Drop delete them.
//
// A change of any number of tasks is atomic, because the head and one event tell of all of them.
// The row of a task is replaced with the head when its worker ends it, and as a fence when a task
// changes that a worker could have claimed: a claim of what was read before then fails, and the
// worker that has it notices at its next renewal. Of more than some ninety fences the rest is left
// out; these workers notice at their commit, which replaces the head.
//
// # Seals
//
// Identifiers, notes, reasons and cursors are sealed by AES-256-GCM with a random nonce and a key
// of the case, and bound to tenant, request and use. The head names the row that holds the key.
// Without that row nothing that was sealed can be read (ErrShredded). Shred deletes the row, and
// records that in the ledger before.
//
// The key of a case is wrapped by a key of its tenant and of the hour of wall time in which the
// case was made. Only hour keys are wrapped by the seal.Wrapper, whose key stays in a vault: a call
// to the vault costs time and money, and a vault allows few in a second. Each process keeps the
// hour keys that it uses unwrapped, until it has not used them for an hour.
//
// # What was seen of the services
//
// Seen with Azurite 3.37 and aztables 1.4.1:
//
//   - A transaction that is refused for any reason comes back as a ResponseError with StatusCode
//     202 and no ErrorCode. The inner answer has the status (404, 409 or 412), the code, and the
//     number of the row before a colon.
//   - The SDK returns no ETags of a transaction, but the answer of the service has them.
//   - A nil IfMatch means "*", which package aztable refuses to send.
//   - An empty body makes the SDK panic.
//   - A conditional deletion of a blob that is gone answers 412 instead of 404.
package store
