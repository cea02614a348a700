// Package schemas holds what host.json and each function.json are checked against: the published JSON schemas
// (copied to testdata) and the points of the host's contract that our own safety rests on.
package schemas
