// Package tenant is the simulated tenant of the local world: the connectors' simulators on one server, over one sample organisation, with
// a clock that can be moved.
//
// It serves Microsoft Graph at /v1.0, the token endpoint, /clock for the business clock, and /sim for whoever tests: faults, counts and the
// oracle, which reads what the simulators store past paging, filters and permissions. /clock and /sim ask for no token: the server is for
// a loopback address only, and its command refuses another.
//
// What is kept in the state directory is the clock's offset and the moment the organisation was born, from which the same sample grows again
// after a restart; changes made to users are not kept.
package tenant
