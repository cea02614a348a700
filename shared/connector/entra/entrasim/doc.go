// Package entrasim plays the directory part of Microsoft Graph (Entra ID) for tests and for the
// local world, over a sample organisation; the product never links it.
//
// It holds users with their manager, memberships, ownerships, roles, licences, app role
// assignments, OAuth2 grants, devices, authentication methods and sign-ins, and plays soft
// delete: a deleted user moves to deletedItems with a mangled user principal name, keeps its
// sign-ins, and is gone 30 days later by the business clock.
//
// What it does not play: sign-ins do not expire, reads are consistent at once, and photos, open
// extensions and delta queries are not there.
package entrasim
