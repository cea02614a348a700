// Package entrasim plays the directory of Microsoft Entra ID over a sample organisation.
//
// It serves tests and the local world; the product never links it. It holds users with their
// manager, memberships, ownerships, roles, licences, app role assignments, OAuth2 grants,
// devices, authentication methods and sign-ins. It plays soft delete: a deleted user moves to
// deletedItems, gets its object id put before its user principal name, keeps its sign-ins, and
// is gone 30 days later by the business clock.
//
// It does not let sign-ins expire or reads lag behind, and it has no photos, open extensions or
// delta queries.
package entrasim
