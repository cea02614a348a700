// Package filter reads and evaluates the part of OData's $filter that the simulator serves.
package filter
