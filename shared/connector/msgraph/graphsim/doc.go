// Package graphsim plays Microsoft Graph v1.0 for several tenants, for tests and for the local
// world; the product never links it.
//
// It is the machinery only: tokens, permissions, the contract, $select and $filter, paging and
// faults. What a tenant holds comes from a [Source], such as the simulated directory in
// entrasim.
//
// Every request and every answer is held against the contract in contract/graph-openapi.yaml.
// An operation that the contract lacks is refused, so is a property that a resource's schema
// lacks; an answer that the contract does not allow becomes a 500 and a loud log line.
//
// Where it is deliberately stricter than the service, a client that passes here passes there:
// $select returns what was selected and no more (id too must be selected), a filter on
// mobilePhone needs an advanced query, identities need their issuer, and whatever part of
// $filter, $orderby, $search, $skip and $expand is not simulated is a 400 and never ignored.
package graphsim
