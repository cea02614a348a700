// Package schemas checks host.json and each function.json.
//
// It checks them against the published JSON schemas, which are copied to testdata, and against
// the points of the host's contract that the safety of Rightsdesk rests on.
package schemas
