// Package store keeps requests, their tasks, events and sealed parts, the lists and wakes that
// lead to them, and imports, straight on Azure Table, Blob and Queue storage.
//
// # Layout
//
// keys.go shows every key. One request is one partition of table requests: its head, its tasks
// and its events, changed together by one transaction that always replaces the head, so that
// two last tasks cannot both see "not yet". What leads to requests (lists, wakes) lies in the
// partitions of table lists, a tenant's in 8 shards; the keys that seal the cases in those of
// table keys.
//
// # Writes
//
// No write is unconditional: rows are inserted if absent, replaced or deleted if unchanged.
// Only list rows and wakes, which are wholly a function of their key, are upserted. The SDK
// tries again by itself, so a refusal may be the echo of our own first try. Therefore each
// transaction inserts the row of its event, whose key is the number that the writer expected
// and whose content is never changed: after a refusal or an unclear answer the store reads it,
// and its own write id there means success. Rows without events (the first head, a change of
// wakes alone, imports, claims) carry the ids of their last writers or their owner for the same
// look.
//
// List rows and wakes are written before the transaction that needs them, and those that it
// makes superfluous are written again with them: the ETags of that let them be deleted
// afterwards only if nobody has asked for them anew. What a crash leaves behind is contradicted
// by the head: lists leave it out, and after an hour List and DropWake delete it.
//
// More tasks than one transaction holds rows travel in the head, each until it changes again: a
// change of any number of tasks is atomic.
//
// # Seals
//
// Identifiers, notes, reasons and cursors are sealed by AES-256-GCM with a random nonce under a
// key of the case, bound to tenant, request and use. The key's row, wrapped by a KeyWrapper, is
// named by the head. Without it nothing that is sealed can be read (ErrShredded).
//
// # What was seen of the services
//
// On Azurite 3.37 with aztables 1.4.1: a transaction that is refused, for whatever reason,
// comes back as a ResponseError with StatusCode 202 and no ErrorCode; the inner answer has the
// status (404, 409, 412), the code, and the number of the row before a colon. The SDK returns
// no ETags of a transaction, its answer has them. A nil IfMatch means "*", which this package
// refuses to send. An empty body makes the SDK panic. Deleting a blob that is gone under a
// condition answers 412 instead of 404.
package store
