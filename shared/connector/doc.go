// Package connector says what a system that holds personal data must be able to tell and do.
//
// A connector is a leaf: it sees this package, the pure ones, and a client that it shares with
// other connectors. It never sees the store. What a system cannot do, its descriptor says in a
// sentence.
package connector
