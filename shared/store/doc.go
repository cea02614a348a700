// Package store keeps requests, their tasks, events and sealed parts, the lists and wakes that lead to them, blobs and queues, on Azure
// Table, Blob and Queue storage.
package store
