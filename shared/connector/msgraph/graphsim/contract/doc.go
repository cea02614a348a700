// Package contract is what Microsoft documents of Graph v1.0, trimmed to what is simulated.
//
// It knows the paths with their permissions and queries, and the types of what is sent and
// answered. All of it is read from graph-openapi.yaml, whose head says where that comes from.
package contract
