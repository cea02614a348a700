// Package intake takes requests in: it decodes and checks what a caller submits, makes the
// request with its tasks, and sends their messages.
package intake

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/intake/form"
	"github.com/rightsdesk/rightsdesk/shared/jsonbody"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// Submission is what a caller asks for, with every value in its canonical form. Personal data
// in it is a pii.Value.
type Submission struct {
	Tenant      string // empty in an item of a bulk, whose message names the tenant
	Key         string // an item's own idempotency key; empty in a request, where it is a header
	Actions     []dsr.Action
	Regime      dsr.Regime
	ReceivedAt  time.Time // zero: now
	Subject     dsr.Subject
	Systems     []string // empty: all of the tenant
	Destination string
	Reference   pii.Value
	Note        pii.Value

	canonical pii.Value
	kindAt    []string // JSON pointer to the kind of each identifier in the body
}

// Canonical is the submission as JSON in one spelling, without tenant and key. An idempotency
// key is bound to it. It is personal data, of which only a keyed hash is stored.
func (s Submission) Canonical() pii.Value { return s.canonical }

// wire is a submission as it was sent.
type wire struct{ form.Submission }

// DecodeRequest reads the body of POST /api/requests. Its errors are *problem.Error and quote
// nothing.
func DecodeRequest(body []byte) (Submission, error) {
	w, err := jsonbody.Decode[form.Request](body, MaxBody)
	if err != nil {
		return Submission{}, err
	}
	if w.Tenant == "" {
		return Submission{}, problem.New(problem.MissingField, "/tenant", "tenant is needed")
	}
	if !dsr.ValidGUID(w.Tenant) {
		return Submission{}, problem.New(problem.MalformedID, "/tenant", "the tenant is a GUID in lower case")
	}
	s, err := wire{w.Submission}.submission()
	s.Tenant = w.Tenant
	return s, err
}

// DecodeItem reads one item of a list: the body of POST /api/requests without tenant, plus an
// optional idempotencyKey. Its errors are *problem.Error and quote nothing.
func DecodeItem(raw []byte) (Submission, error) {
	w, err := jsonbody.Decode[form.Item](raw, MaxBody)
	if err != nil {
		return Submission{}, err
	}
	if w.IdempotencyKey != nil && !ValidKey(*w.IdempotencyKey) {
		return Submission{}, problem.New(problem.MalformedIdempotencyKey, "/idempotencyKey", "1 to 255 printable ASCII characters are expected")
	}
	s, err := wire{w.Submission}.submission()
	if w.IdempotencyKey != nil {
		s.Key = *w.IdempotencyKey
	}
	return s, err
}

// ValidKey reports whether s can be an idempotency key: 1 to 255 printable ASCII characters.
func ValidKey(s string) bool {
	if len(s) < 1 || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// submission does the checks that need no tenant, and puts every value in its canonical form.
func (w wire) submission() (Submission, error) {
	var s Submission
	steps := []func(*Submission) error{w.actions, w.regime, w.received, w.subject, w.systems, w.texts}
	for _, step := range steps {
		if err := step(&s); err != nil {
			return Submission{}, err
		}
	}
	s.canonical = canonical(s)
	return s, nil
}

func (w wire) actions(s *Submission) error {
	if len(w.Actions) == 0 {
		return problem.New(problem.MissingField, "/actions", "at least one action is needed; "+theActions())
	}
	for i, name := range w.Actions {
		a := dsr.Action(name)
		if !slices.Contains(dsr.Requestable(), a) {
			return problem.New(problem.UnknownAction, at("/actions", i), theActions())
		}
		if slices.Contains(s.Actions, a) {
			return problem.New(problem.Repeated, at("/actions", i), "an action is asked for twice")
		}
		s.Actions = append(s.Actions, a)
	}
	return nil
}

// theActions names the actions that a request may ask for.
func theActions() string {
	var names []string
	for _, a := range dsr.Requestable() {
		names = append(names, string(a))
	}
	return "the actions are " + strings.Join(names, ", ")
}

func (w wire) regime(s *Submission) error {
	s.Regime = dsr.Regime(w.Regime)
	switch s.Regime {
	case dsr.GDPR, dsr.CCPA:
		return nil
	case "":
		return problem.New(problem.MissingField, "/regime", "the regime is needed: gdpr or ccpa")
	}
	return problem.New(problem.UnknownRegime, "/regime", "the regimes are gdpr and ccpa")
}

func (w wire) received(s *Submission) error {
	if w.ReceivedAt == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339, w.ReceivedAt)
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return problem.New(problem.MalformedTime, "/receivedAt", "a time as in RFC 3339 is expected, such as 2026-03-01T09:30:00Z")
	}
	s.ReceivedAt = t.UTC()
	return nil
}

func (w wire) systems(s *Submission) error {
	if len(w.Systems) > maxSystems {
		return problem.Newf(problem.TooMany, "/systems", "at most %d systems are allowed", maxSystems)
	}
	for i, name := range w.Systems {
		if !dsr.ValidName(name) {
			return problem.New(problem.UnknownSystem, at("/systems", i), "the tenant has no such system")
		}
		if slices.Contains(s.Systems, name) {
			return problem.New(problem.Repeated, at("/systems", i), "a system is named twice")
		}
		s.Systems = append(s.Systems, name)
	}
	return nil
}

func (w wire) texts(s *Submission) error {
	if w.Destination != "" && !dsr.ValidName(w.Destination) {
		return problem.New(problem.UnknownDestination, "/destination", "the name of a destination in the tenant's configuration is expected")
	}
	s.Destination = w.Destination
	note, err := text(w.Note, "/note", maxNote, true)
	if err != nil {
		return err
	}
	ref, err := text(w.Reference, "/reference", maxReference, false)
	if err != nil {
		return problem.Newf(problem.MalformedReference, "/reference", "at most %d bytes without control characters are expected", maxReference)
	}
	s.Note, s.Reference = pii.New(note), pii.New(ref)
	return nil
}

// canonical writes a checked submission in one spelling: members in a fixed order, values in
// their canonical form. Its hash is stored, so that the spelling never changes.
func canonical(s Submission) pii.Value {
	out := form.Submission{
		Regime: string(s.Regime), Systems: s.Systems, Destination: s.Destination, Reference: s.Reference.Reveal(), Note: s.Note.Reveal(),
		Subject: form.Subject{Name: s.Subject.Name.Reveal(), Relationship: string(s.Subject.Relationship), Residence: s.Subject.Residence.Reveal()},
	}
	for _, a := range s.Actions {
		out.Actions = append(out.Actions, string(a))
	}
	if !s.ReceivedAt.IsZero() {
		out.ReceivedAt = s.ReceivedAt.Format(time.RFC3339Nano)
	}
	for _, id := range s.Subject.Identifiers {
		out.Subject.Identifiers = append(out.Subject.Identifiers, form.Identifier{Kind: id.Kind, Value: id.Value.Reveal()})
	}
	b, err := json.Marshal(out)
	if err != nil {
		panic("intake: texts and lists of texts cannot be written as JSON") // cannot happen
	}
	return pii.New(string(b))
}
