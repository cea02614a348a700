// Package example is the worked example of a connector, made to be copied.
//
// It reads a made-up loyalty club and is not in the catalogue. To add a system, copy this
// folder, rename it and replace each part. Add its Entry to the list in catalog, and its
// simulator to the list in infra/local/tenant:
//
//	{"example", func(e Environment) (any, error) {
//		return examplesim.NewSample(e.Tenants, ReaderToken), nil
//	}},
//
// The local world serves the simulator under /example, and that is the endpoint of the service
// of that name there. The test runs the conformance suite from the first day. So begin with the
// simulator and the Harness, and make the subtests pass one by one.
//
// What follows is what the package comment of a connector says.
//
// # What is held
//
// Members of the club with their contact data, their visits, and the segment that the club puts
// them in. A closed membership is kept for a year and is found as well.
//
// # Settings
//
// An organisation may run several clubs. Each has a name of its own in the tenant's
// document:
//
//	systems:
//	  - {name: club-north, system: example, club: north}
//	  - {name: club-south, system: example, club: south, language: de}
//
// # Who is found
//
// By member id, e-mail address, phone number as the club stores it (E.164), and member number.
//
// # What is read, with which least permissions
//
//	members.read    look-ups and the profile
//	visits.read     visits
//	segments.read   the segment
//
// # Provenance
//
// The profile is provided by the member. Visits are observed. The segment is computed by the
// club and so derived, which an export under GDPR Art. 20 leaves out.
//
// # Limits
//
// A page of visits holds 50. The service asks for a pause with 429 and Retry-After in seconds.
//
// # How deletion works, and what cannot be done
//
// The club closes a membership and drops it a year later. An application can delete nothing of it.
// Deleting, rectifying and restricting are therefore not offered.
package example
