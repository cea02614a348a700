// Package tenant is the simulated tenant of the local world.
//
// It puts the connectors' simulators on one server, over one sample organisation, with a clock
// that can be moved. It serves Microsoft Graph at /v1.0, the token endpoint, /clock for the
// business clock, and /sim for tests: faults, counts and the oracle. The oracle reads what the
// simulators store past paging, filters and permissions.
//
// /clock and /sim ask for no token. So the server is for a loopback address only, and its
// command refuses any other.
//
// The state directory keeps the clock's offset and the moment when the organisation was made.
// From these the same sample grows again after a restart. Changes made to users are not kept.
package tenant
