// Package connectortest is the conformance suite of connectors: what each of them must do, run
// against its simulator. A connector's test describes a small world in a Harness and calls Run.
package connectortest
