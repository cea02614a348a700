// Package form is the JSON of a submission, as callers send it alone or as an item of a list.
package form

// Request is the body of POST /api/requests.
type Request struct {
	Tenant string `json:"tenant"`
	Submission
}

// Item is an item of a list, whose tenant is told once for all of them.
type Item struct {
	IdempotencyKey *string `json:"idempotencyKey,omitempty"`
	Submission
}

// Submission is what is asked for. What is empty is left out when it is written, so that it is
// missing and not empty.
type Submission struct {
	Actions     []string `json:"actions,omitempty"`
	Regime      string   `json:"regime,omitempty"`
	ReceivedAt  string   `json:"receivedAt,omitempty"` // RFC 3339
	Subject     Subject  `json:"subject,omitzero"`
	Systems     []string `json:"systems,omitempty"`
	Destination string   `json:"destination,omitempty"`
	Reference   string   `json:"reference,omitempty"`
	Note        string   `json:"note,omitempty"`
}

// Subject is the person whom it is about.
type Subject struct {
	ObjectID          string       `json:"objectId,omitempty"`
	UserPrincipalName string       `json:"userPrincipalName,omitempty"`
	Email             string       `json:"email,omitempty"`
	Phone             string       `json:"phone,omitempty"`
	EmployeeID        string       `json:"employeeId,omitempty"`
	Name              string       `json:"name,omitempty"`
	Identifiers       []Identifier `json:"identifiers,omitempty"`
	Relationship      string       `json:"relationship,omitempty"`
	Residence         string       `json:"residence,omitempty"`
}

// Identifier is a value by which a system finds the person.
type Identifier struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}
