// Package filter reads and evaluates the part of OData's $filter that the simulator serves.
//
// The operators are those of https://learn.microsoft.com/graph/filter-query-parameter, and which
// of them need ConsistencyLevel: eventual and $count follows
// https://learn.microsoft.com/graph/aad-advanced-queries. A form that neither page shows is
// refused.
package filter
