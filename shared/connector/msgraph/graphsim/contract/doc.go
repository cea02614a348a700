// Package contract is what Microsoft documents of Graph v1.0, trimmed to what is simulated: paths, permissions, queries and types.
package contract
