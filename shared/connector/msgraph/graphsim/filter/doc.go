// Package filter reads the part of OData's $filter that the simulator serves, and evaluates it on records.
package filter
