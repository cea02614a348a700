package intake

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

func (w wire) subject(s *Submission) error {
	if err := w.person(s); err != nil {
		return err
	}
	in := w.Subject
	named := []struct{ kind, value string }{
		{dsr.ObjectID, in.ObjectID},
		{dsr.UserPrincipalName, in.UserPrincipalName},
		{dsr.Email, in.Email},
		{dsr.Phone, in.Phone},
		{dsr.EmployeeID, in.EmployeeID},
	}
	for _, n := range named {
		if strings.TrimSpace(n.value) == "" {
			continue
		}
		if err := s.add(n.kind, n.value, "/subject/"+n.kind, "/subject/"+n.kind); err != nil {
			return err
		}
	}
	if len(in.Identifiers) > maxIdentifiers {
		return problem.Newf(problem.TooMany, "/subject/identifiers", "at most %d identifiers are allowed", maxIdentifiers)
	}
	for i, id := range in.Identifiers {
		pointer := at("/subject/identifiers", i)
		if !kindName.MatchString(id.Kind) {
			return problem.New(problem.UnknownKind, pointer+"/kind", "no system can find a person by this kind of identifier")
		}
		if strings.TrimSpace(id.Value) == "" {
			return problem.New(problem.MissingField, pointer+"/value", "the value of the identifier is needed")
		}
		if err := s.add(id.Kind, id.Value, pointer+"/kind", pointer+"/value"); err != nil {
			return err
		}
	}
	if len(s.Subject.Identifiers) == 0 {
		return problem.New(problem.NoIdentifier, "/subject",
			"at least one of objectId, userPrincipalName, email, phone, employeeId or identifiers is needed; a name alone is no identifier")
	}
	return nil
}

// kindName is the form of a kind of identifier, as descriptors and the YAML document have it.
var kindName = regexp.MustCompile(`^[a-z][0-9A-Za-z-]{0,62}$`)

func (w wire) person(s *Submission) error {
	name, err := text(w.Subject.Name, "/subject/name", MaxIdentifier, false)
	if err != nil {
		return err
	}
	rel := dsr.Relationship(w.Subject.Relationship)
	if rel != "" && !slices.Contains(dsr.Relationships(), rel) {
		return problem.New(problem.InvalidValue, "/subject/relationship",
			"employee, former-employee, applicant, customer, vendor, student, household or other is expected")
	}
	res := strings.TrimSpace(w.Subject.Residence)
	if res != "" && !residence(res) {
		return problem.New(problem.InvalidValue, "/subject/residence", "a country of ISO 3166-1 is expected, such as DE, or one with its region, such as US-CA")
	}
	s.Subject.Name, s.Subject.Relationship, s.Subject.Residence = pii.New(name), rel, pii.New(res)
	return nil
}

var residenceForm = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

// residence reports whether s is a country of ISO 3166-1, alone or with a subdivision in the
// form of ISO 3166-2.
func residence(s string) bool {
	if !residenceForm.MatchString(s) {
		return false
	}
	r, err := language.ParseRegion(s[:2])
	return err == nil && r.IsCountry() && r.String() == s[:2]
}

// add appends an identifier in its canonical form, once. A national phone number is appended in
// its international form as well.
func (s *Submission) add(kind, value, kindAt, pointer string) error {
	value, err := text(value, pointer, MaxIdentifier, false)
	if err != nil {
		return err
	}
	forms := []string{}
	switch kind {
	case dsr.ObjectID:
		if value = strings.ToLower(value); !dsr.ValidGUID(value) {
			return problem.New(problem.MalformedObjectID, pointer, "an object id is a GUID, 32 hex digits in groups of 8-4-4-4-12")
		}
	case dsr.UserPrincipalName, dsr.Email:
		canonical, ok := address(value)
		if !ok && kind == dsr.Email {
			return problem.New(problem.MalformedEmail, pointer, "an e-mail address is name@domain, without display name, quotes or blanks")
		}
		if !ok {
			return problem.New(problem.MalformedUPN, pointer, "a user principal name is name@domain, without blanks")
		}
		value = canonical
	case dsr.Phone:
		e164, ok := phone(value, s.Subject.Residence.Reveal())
		if !ok {
			return problem.New(problem.MalformedPhone, pointer,
				"a phone number in international form is expected, beginning with + and the country's code, or one of the country of residence")
		}
		if !strings.HasPrefix(value, "+") { // Only here is the country of a national number known.
			forms = append(forms, e164)
		}
	}
	for _, form := range append([]string{value}, forms...) {
		s.once(kind, form, kindAt)
	}
	return nil
}

// once appends an identifier unless it is there already.
func (s *Submission) once(kind, value, kindAt string) {
	id := dsr.Identifier{Kind: kind, Value: pii.New(value)}
	same := func(o dsr.Identifier) bool { return o.Kind == kind && o.Value.Equal(id.Value) }
	if !slices.ContainsFunc(s.Subject.Identifiers, same) {
		s.Subject.Identifiers = append(s.Subject.Identifiers, id)
		s.kindAt = append(s.kindAt, kindAt)
	}
}

// Lengths of RFC 5321 §4.5.3.1, which also hold for user principal names.
const (
	maxLocal  = 64
	maxDomain = 255
)

// address brings name@domain into its canonical form: the domain in lower case, the name
// unchanged. It accepts the dot-atom of RFC 5322 with the letters of RFC 6531, and no quotes,
// comments, display names, address literals or domains without a dot.
func address(s string) (string, bool) {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(local) > maxLocal || len(domain) > maxDomain || !atoms(local) {
		return "", false
	}
	domain = strings.ToLower(domain)
	labels := strings.Split(domain, ".")
	if len(labels) < 2 || slices.ContainsFunc(labels, func(l string) bool { return !label(l) }) {
		return "", false
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" { // an IP address
		return "", false
	}
	return local + "@" + domain, true
}

func atoms(local string) bool {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !atomRune(r) }) {
			return false
		}
	}
	return true
}

func atomRune(r rune) bool {
	if r < 0x80 {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
	}
	return unicode.IsGraphic(r) && !unicode.IsSpace(r)
}

func label(l string) bool {
	if l == "" || len(l) > 63 || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-") {
		return false
	}
	return !strings.ContainsFunc(l, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r >= 0x80 && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)))
	})
}

var phoneForm = regexp.MustCompile(`^\+?[0-9() ./-]{3,40}$`)

// phone reports whether s can be a phone number, and returns it as E.164. Without a leading +
// it is read as a number of the country of residence. The caller keeps what was written, too:
// systems compare texts, and a number may be stored there as it was written here.
func phone(s, residence string) (e164 string, ok bool) {
	if !phoneForm.MatchString(s) {
		return "", false
	}
	region := ""
	if len(residence) >= 2 {
		region = residence[:2]
	}
	if region == "" && !strings.HasPrefix(s, "+") {
		return "", false
	}
	n, err := phonenumbers.Parse(s, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}
