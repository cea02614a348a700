// Package contract is what Microsoft documents of Graph v1.0, trimmed to what is simulated.
//
// It knows the paths with their permissions and queries, and the types of what is sent and
// answered.
package contract
