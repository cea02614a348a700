// Package connectortest is the conformance suite: what every connector must do.
//
// It runs a connector against its simulator. The connector's test describes the two in a
// Harness and calls Run.
package connectortest
