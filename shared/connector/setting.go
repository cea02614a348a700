package connector

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Setting is something that a tenant says of a system where it stands, such as which environment is
// meant. It is data, so that checks and documents are made from it. It never holds a secret, since
// the tenants' document is not protected as secrets are.
type Setting struct {
	Name     string // key in the tenant's document: [a-z][0-9A-Za-z]{0,62}
	Meaning  string // what it says, in words: "which of the organisation's clubs is read"
	Form     string // regular expression that the whole value matches
	Example  string // a value of that form
	Required bool
}

// Mistake is what is wrong with one of the settings that a tenant gives.
type Mistake struct {
	Setting string // name of the setting
	Text    string // what is wrong and what is expected; the value is not quoted
}

// CheckSettings returns every mistake in the settings that a tenant gives, in the order of names.
func (d Descriptor) CheckSettings(given map[string]string) []Mistake {
	var out []Mistake
	bad := func(name, format string, args ...any) { out = append(out, Mistake{name, fmt.Sprintf(format, args...)}) }
	var known []string
	for _, s := range d.Settings {
		known = append(known, s.Name)
		value, ok := given[s.Name]
		switch {
		case ok && !s.matches(value):
			bad(s.Name, "%s is expected, such as %s", s.Meaning, s.Example)
		case !ok && s.Required:
			bad(s.Name, "the system %s needs this setting: %s, such as %s", d.System, s.Meaning, s.Example)
		}
	}
	for name := range given {
		switch {
		case slices.Contains(known, name):
		case len(known) == 0:
			bad(name, "the system %s takes no settings", d.System)
		default:
			bad(name, "the system %s does not take this setting; it takes %s", d.System, strings.Join(known, ", "))
		}
	}
	slices.SortFunc(out, func(a, b Mistake) int { return strings.Compare(a.Setting, b.Setting) })
	return out
}

func (s Setting) matches(value string) bool {
	form, err := regexp.Compile(`^(?:` + s.Form + `)$`)
	return err == nil && form.MatchString(value)
}

var settingName = regexp.MustCompile(`^[a-z][0-9A-Za-z]{0,62}$`)

// reserved are the keys that every system of a tenant has in its document.
var reserved = []string{"name", "system"}

// settingMistakes reports what is wrong with the settings that a descriptor declares.
func (d Descriptor) settingMistakes() []string {
	var out []string
	for i, s := range d.Settings {
		if !settingName.MatchString(s.Name) || slices.Contains(reserved, s.Name) ||
			slices.ContainsFunc(d.Settings[:i], func(o Setting) bool { return o.Name == s.Name }) {
			out = append(out, fmt.Sprintf("the name of setting %q must match [a-z][0-9A-Za-z]{0,62}, be used once and be none of %s", s.Name, strings.Join(reserved, ", ")))
		}
		if s.Meaning == "" || s.Form == "" || !s.matches(s.Example) {
			out = append(out, fmt.Sprintf("setting %q needs a meaning, a form and an example that has the form", s.Name))
		}
	}
	return out
}
