// Package entra finds people in Microsoft Entra ID and hands over what it holds about them.
//
// # What is held
//
// User accounts, guests included, with their relations (manager, reports, sponsors),
// memberships, ownerships, roles, licences, app role assignments, consents, devices and
// authentication methods. A deleted account stays for 30 days under directory/deletedItems.
// Logs (sign-ins, audit) are not read here: they are another system with other rules.
//
// # Who is found
//
// By object id, user principal name, e-mail address (mail, otherMails, proxyAddresses, user
// principal name, a guest's invited address), phone (mobilePhone and businessPhones, as given
// and in the usual ways of writing), employee id, other mail, proxy address (smtp: when no
// scheme is given), a guest's invited address (mail, otherMails, and the user principal name
// made of it), and external sign-in name. Graph looks for an external sign-in name only
// together with its issuer. It is given as "issuer|name", such as
// "google.com|jane@mail.example". For a name alone the well-known issuers and the name's own
// domain are tried, and the discovery says that this is not everything. Each question goes to
// the users and to the deleted ones. A deleted account's user principal name begins with its
// object id, so it is looked for by its end and each match is checked. Reads are eventually
// consistent: somebody created seconds ago may not be found.
//
// # What is read, with which least application permissions
//
//	profile, relations, ownerships, devices, licences   User.Read.All
//	memberships, administrative units, app roles,
//	consents; names of groups and devices               Directory.Read.All
//	last sign-ins (and a licence for Entra ID P1)       AuditLog.Read.All
//	directory roles                                     RoleManagement.Read.Directory
//	authentication methods                              UserAuthenticationMethod.Read.All
//	leave date                                          User-LifeCycleInfo.Read.All
//
// Each kind is read in a request of its own, so that a missing permission loses one kind and
// not the profile. A kind that may not be read is named in the outcome, which is then partial;
// so are objects of which Graph shows the id only. It does so, with status 200 and without an
// error, for types that the app may not read. The part of the profile that SharePoint keeps
// (interests, skills, …) fails for people without a licence and is therefore asked for
// separately, too. About other people (manager, reports, sponsors) only name and address are
// handed over: the relation is the subject's data, the rest is not (GDPR Art. 15(4), 20(4)).
// Secrets are never handed over: no password profile, no one-time pass, no OATH seed, no
// credential of an owned application.
//
// # Provenance
//
// What the organisation keeps in the person's own account for or from them (profile, relations,
// memberships, ownerships, consents, methods) is provided; where it is in doubt who provided
// it, the doubt is resolved for the person. What arises from using the service (last sign-ins,
// devices, created objects) is observed. What somebody else decided about the person (roles,
// licences, app role assignments) or the service computed (memberships through other groups) is
// neither provided nor observed, and so outside GDPR Art. 20 (WP 242 rev.01, p. 10). It is
// called derived, and is part of an access but not of an export.
//
// # Limits
//
// The tenant's bucket is 3,500 to 8,000 resource units in 10 seconds for an app; the client
// waits out short pauses, and for longer ones the task is put back. Custom security attributes,
// directory and open extensions, photos and employeeOrgData are not read. A deleted account
// shows its profile only: its other records are kept by Microsoft for a restore and cannot be
// had meanwhile, so its export is partial.
//
// # How deletion works, and what cannot be done
//
// Deleting a user moves it to deletedItems for 30 days, which can be shortened only by deleting
// it there again, permanently. Memberships, ownerships, roles, consents and methods go with it
// and come back with a restore; groups and applications that it alone owned stay without an
// owner; devices stay and are deleted on their own. The user's name in other people's records
// (as manager, as creator) and in logs stays until those expire. Accounts that are synchronised
// from on-premises can be changed and deleted on-premises only. Rectifying, restricting and
// deleting are not offered yet: what the descriptor does not offer cannot be requested.
package entra
