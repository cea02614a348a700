// Package graphsim plays Microsoft Graph v1.0 for several tenants.
//
// It serves tests and the local world; the product never links it. It is the machinery only:
// tokens, permissions, the contract, $select and $filter, paging and faults. What a tenant
// holds comes from a [Source], such as the simulated directory in entrasim.
//
// Every request and every answer is checked by the contract in contract/graph-openapi.yaml. An
// operation that the contract does not have is refused, and so is a property that a resource's
// schema does not have. An answer that the contract does not allow becomes a 500 and an ERROR
// line.
//
// In some points it is stricter than the service, so that a client that passes here passes
// there. $select returns what was selected and no more, so that even id must be selected. A
// filter on mobilePhone needs an advanced query. Identities need their issuer. What is not
// simulated of $filter, $orderby, $search, $skip and $expand is a 400 and is never ignored.
package graphsim
