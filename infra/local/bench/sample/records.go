// Package sample makes records of the size and the repetitiveness of a directory.
package sample

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

const (
	System      = "bench"
	Kind        = "profile"
	pageRecords = 100 // as Graph has in a page
	poolRecords = 4000
)

// profile is a record as large and as repetitive as a directory's profile: about 1 KiB of JSON.
type profile struct {
	ID                string     `json:"id"`
	DisplayName       string     `json:"displayName"`
	GivenName         string     `json:"givenName"`
	Surname           string     `json:"surname"`
	Mail              string     `json:"mail"`
	UserPrincipalName string     `json:"userPrincipalName"`
	OtherMails        []string   `json:"otherMails"`
	ProxyAddresses    []string   `json:"proxyAddresses"`
	Identities        []identity `json:"identities"`
	JobTitle          string     `json:"jobTitle"`
	Department        string     `json:"department"`
	CompanyName       string     `json:"companyName"`
	OfficeLocation    string     `json:"officeLocation"`
	StreetAddress     string     `json:"streetAddress"`
	City              string     `json:"city"`
	PostalCode        string     `json:"postalCode"`
	Country           string     `json:"country"`
	BusinessPhones    []string   `json:"businessPhones"`
	MobilePhone       string     `json:"mobilePhone"`
	EmployeeID        string     `json:"employeeId"`
	EmployeeType      string     `json:"employeeType"`
	HireDate          string     `json:"employeeHireDate"`
	Created           string     `json:"createdDateTime"`
	AccountEnabled    bool       `json:"accountEnabled"`
	ImmutableID       string     `json:"onPremisesImmutableId"`
	SecurityID        string     `json:"onPremisesSecurityIdentifier"`
	Locale            string     `json:"preferredLanguage"`
}

type identity struct {
	SignInType       string `json:"signInType"`
	Issuer           string `json:"issuer"`
	IssuerAssignedID string `json:"issuerAssignedId"`
}

var (
	givenNames  = strings.Fields("Jane John Amira Wei Olga Mateusz Priya Sven Lucía Kofi Hanna Tomáš Aoife Yuki Fatima Pedro Ingrid Noah Zeynep Luca")
	surnames    = strings.Fields("Müller Okafor Tanaka Kowalski Rossi Novák García Lindqvist Sharma Dubois Papadopoulos Jensen Silva Nguyen Haddad Byrne Vos Petrov Adams Kaya")
	titles      = []string{"Accountant", "Senior Engineer", "Account Manager", "Facility Planner", "Head of Logistics", "Legal Counsel", "Recruiter", "Nurse", "Shift Lead"}
	departments = []string{"Finance", "Engineering", "Sales", "Operations", "Human Resources", "Legal", "Research"}
	cities      = []string{"Berlin", "Dublin", "Kraków", "Lisboa", "Göteborg", "Lyon", "Thessaloniki", "Brno", "Utrecht"}
)

func newProfile(r *rand.Rand) profile {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	hex := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte("0123456789abcdef"[r.IntN(16)])
		}
		return b.String()
	}
	guid := func() string { return hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12) }
	given, sur := pick(givenNames), pick(surnames)
	mail := fmt.Sprintf("%s.%s%d@contoso.example", strings.ToLower(given), strings.ToLower(sur), r.IntN(1000))
	phone := func() string { return fmt.Sprintf("+49 30 %07d", r.IntN(10_000_000)) }
	day := func() string {
		return fmt.Sprintf("20%02d-%02d-%02dT%02d:%02d:%02dZ", 5+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
	}
	return profile{
		ID: guid(), DisplayName: given + " " + sur, GivenName: given, Surname: sur, Mail: mail, UserPrincipalName: mail,
		OtherMails:     []string{strings.ToLower(given) + hex(4) + "@mail.example"},
		ProxyAddresses: []string{"SMTP:" + mail, "smtp:" + hex(6) + "@contoso.example"},
		Identities:     []identity{{"userPrincipalName", "contoso.example", mail}},
		JobTitle:       pick(titles), Department: pick(departments), CompanyName: "Contoso", OfficeLocation: fmt.Sprintf("Building %d, floor %d", r.IntN(30), r.IntN(9)),
		StreetAddress: fmt.Sprintf("%s Street %d", pick(surnames), r.IntN(200)), City: pick(cities), PostalCode: fmt.Sprintf("%05d", r.IntN(100_000)), Country: "Germany",
		BusinessPhones: []string{phone()}, MobilePhone: phone(), EmployeeID: fmt.Sprintf("E%06d", r.IntN(1_000_000)), EmployeeType: "Employee",
		HireDate: day(), Created: day(), AccountEnabled: r.IntN(10) > 0, ImmutableID: hex(24), SecurityID: fmt.Sprintf("S-1-5-21-%d-%d", r.Uint32(), r.Uint32()), Locale: "de-DE",
	}
}

// Pages are ready pages of distinct records, more than deflate's window remembers. The bench
// hands them over again and again.
func Pages() ([][]json.RawMessage, error) {
	r := rand.New(rand.NewPCG(1, 2))
	var out [][]json.RawMessage
	for range poolRecords / pageRecords {
		page := make([]json.RawMessage, pageRecords)
		for i := range page {
			b, err := json.Marshal(newProfile(r))
			if err != nil {
				return nil, err
			}
			page[i] = b
		}
		out = append(out, page)
	}
	return out, nil
}

// Descriptor declares all members of a profile as columns.
func Descriptor() connector.Descriptor {
	var cols []connector.Column
	for _, name := range strings.Fields("id displayName givenName surname mail userPrincipalName otherMails proxyAddresses identities jobTitle department companyName officeLocation streetAddress city postalCode country businessPhones mobilePhone employeeId employeeType employeeHireDate createdDateTime accountEnabled onPremisesImmutableId onPremisesSecurityIdentifier preferredLanguage") {
		cols = append(cols, connector.Column{Name: name, Title: name})
	}
	return connector.Descriptor{
		System: System, Title: "Bench", Holds: "Ready records.", Identifiers: []connector.Identifier{{Kind: dsr.ObjectID, Title: "Object id"}},
		Kinds: []connector.Kind{{Name: Kind, Title: "Profiles", Category: dsr.CustomerData, Provenance: dsr.Provided, ID: "id", Columns: cols}},
	}
}
