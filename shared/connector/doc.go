// Package connector says what a system that holds personal data must be able to tell and do. A
// connector is a leaf: it sees this package, dsr, pii and a client that it shares with others,
// never the store. What it cannot do, its descriptor says in a sentence.
package connector
