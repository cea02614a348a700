package dsr

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// Kinds of identifier that a request can give by name. Connectors declare further kinds in
// their descriptors.
const (
	ObjectID          = "objectId"
	UserPrincipalName = "userPrincipalName"
	Email             = "email"
	Phone             = "phone"
	EmployeeID        = "employeeId"
)

// NamedKinds are the kinds of identifier that have a field of their own in a request, in the
// order of the documentation.
func NamedKinds() []string { return []string{ObjectID, UserPrincipalName, Email, Phone, EmployeeID} }

// Relationship is what the data subject is to the organisation.
type Relationship string

// The relationships.
const (
	Employee       Relationship = "employee"
	FormerEmployee Relationship = "former-employee"
	Applicant      Relationship = "applicant"
	Customer       Relationship = "customer"
	Vendor         Relationship = "vendor"
	Student        Relationship = "student"
	Household      Relationship = "household"
	OtherRelation  Relationship = "other"
)

// Relationships are all that a request may name.
func Relationships() []Relationship {
	return []Relationship{Employee, FormerEmployee, Applicant, Customer, Vendor, Student, Household, OtherRelation}
}

// Identifier is one thing by which a system can find a person.
type Identifier struct {
	Kind  string
	Value pii.Value
}

// Subject is the data subject: the person, by their identifiers.
type Subject struct {
	Identifiers  []Identifier
	Name         pii.Value // helps a human to tell two people apart; never searched for
	Relationship Relationship
	Residence    pii.Value // country, perhaps with region, in ISO 3166: "DE", "US-CA"
	// Decided is the object id that a person chose among candidates. While it is set, it alone
	// names the subject.
	Decided pii.Value
}

// Of returns the values of one kind of identifier.
func (s Subject) Of(kind string) []pii.Value {
	var out []pii.Value
	for _, id := range s.Identifiers {
		if id.Kind == kind {
			out = append(out, id.Value)
		}
	}
	return out
}

// Kinds returns the kinds of identifier present, sorted, each once.
func (s Subject) Kinds() []string {
	var out []string
	for _, id := range s.Identifiers {
		out = append(out, id.Kind)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

type storedSubject struct {
	Identifiers  [][2]string  `json:"identifiers,omitempty"`
	Name         string       `json:"name,omitempty"`
	Relationship Relationship `json:"relationship,omitempty"`
	Residence    string       `json:"residence,omitempty"`
	Decided      string       `json:"decided,omitempty"`
}

func (s Subject) stored() storedSubject {
	out := storedSubject{Name: s.Name.Reveal(), Relationship: s.Relationship, Residence: s.Residence.Reveal(), Decided: s.Decided.Reveal()}
	for _, id := range s.Identifiers {
		out.Identifiers = append(out.Identifiers, [2]string{id.Kind, id.Value.Reveal()})
	}
	return out
}

func (s storedSubject) subject() Subject {
	out := Subject{Name: pii.New(s.Name), Relationship: s.Relationship, Residence: pii.New(s.Residence), Decided: pii.New(s.Decided)}
	for _, id := range s.Identifiers {
		out.Identifiers = append(out.Identifiers, Identifier{Kind: id[0], Value: pii.New(id[1])})
	}
	return out
}

// Candidate is one of several people whom a subject's identifiers match. People are never
// merged: a person decides who is meant.
type Candidate struct {
	System   string   `json:"system"`
	ObjectID string   `json:"objectId"`
	Matched  []string `json:"matched"` // kinds of identifier that led here
	State    string   `json:"state"`   // "active" or "deleted", as the system says
}

// Private is the part of a request that is sealed under the key of its case. None of it is ever
// stored, sent or logged in the open.
type Private struct {
	Subject    Subject
	Note       pii.Value
	Reference  pii.Value // the caller's own; it may name a person
	Candidates []Candidate
}

type storedPrivate struct {
	Subject    storedSubject `json:"subject"`
	Note       string        `json:"note,omitempty"`
	Reference  string        `json:"reference,omitempty"`
	Candidates []Candidate   `json:"candidates,omitempty"`
}

// Encode returns the bytes to be sealed. They are personal data.
func (p Private) Encode() ([]byte, error) {
	return json.Marshal(storedPrivate{Subject: p.Subject.stored(), Note: p.Note.Reveal(), Reference: p.Reference.Reveal(), Candidates: p.Candidates})
}

// DecodePrivate reads what Encode wrote.
func DecodePrivate(b []byte) (Private, error) {
	var s storedPrivate
	if err := json.Unmarshal(b, &s); err != nil {
		// the cause would quote it
		return Private{}, fmt.Errorf("dsr: sealed part of a request cannot be read (%d bytes)", len(b))
	}
	return Private{Subject: s.Subject.subject(), Note: pii.New(s.Note), Reference: pii.New(s.Reference), Candidates: s.Candidates}, nil
}
