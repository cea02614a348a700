// Package archive makes the package of a request: one archive that a person can read without
// Rightsdesk and a machine can check.
//
// It copies the parts as they are, writes index.html for people and manifest.json for machines,
// and replaces the package of an earlier attempt or round.
package archive
